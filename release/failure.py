"""What ends a deploy with one line, before CloudFormation has begun."""


class Failure(Exception):
    """The message is a sentence for whoever typed the command."""
