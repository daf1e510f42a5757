"""Campaigns: many virtual procedures, run on every core or on a cluster, and what came of them."""
