"""The shapes of requests and answers: checked on the way in and out, and the source of OpenAPI.

A module for each topic: building a model takes time, and a function builds only its own.
"""
