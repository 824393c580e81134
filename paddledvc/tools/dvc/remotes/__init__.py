"""Remotes of DVC: opened, asked, written to, and what their failures mean."""
