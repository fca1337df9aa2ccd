"""What goes to AWS: the template as CloudFormation gets it, the check of it, and the deploy."""
