"""Which role and which DAGs somebody's claims give, by the rules of `[astro_runtime] oidc_roles`. Pure."""
