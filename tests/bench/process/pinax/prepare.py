"""Make the site's database with one referral, and print its code."""

import pinax_site
from django.core.management import call_command
from pinax.referrals.models import Referral

call_command("migrate", verbosity=0)
print(Referral.create(redirect_to="/pricing", label="spring").code)

__all__ = ["pinax_site"]
