#!/bin/sh
# The command of the image httpd.
set -e
rm -f /usr/local/apache2/logs/httpd.pid
exec /usr/sbin/apache2 -f /usr/local/apache2/httpd.conf -DFOREGROUND "$@"
