"""install.sh, uninstall.sh and what `make` makes of them, in a host cluster that has never seen the product."""
