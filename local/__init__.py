"""The local stack: the real template deployed to an emulator on this machine."""
