"""A stand-in for the site's sign-in: an OpenID Connect provider on loopback."""

from local.signin.stand_in import SignIn

__all__ = ["SignIn"]
