import time


class SecretsProvider:
    """Secrets that are read again after `max_age` seconds."""

    def __init__(self, *, boto3_client):
        self._client, self._known = boto3_client, {}

    def get(self, name, *, max_age):
        known = self._known.get(name)
        if not known or time.monotonic() > known[1]:
            text = self._client.get_secret_value(SecretId=name)["SecretString"]
            known = self._known[name] = (text, time.monotonic() + max_age)
        return known[0]
