"""The API as a document: what the handlers say, and what each status means."""
