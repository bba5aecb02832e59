#!/bin/sh
# In the image, instead of Metacontroller's program. It reads the CompositeControllers from files; the address is the
# original's default.
exec /opt/stand-in/bin/python -m testbed.metacontroller --controllers=/opt/stand-in/app/controllers \
  --health-probe-bind-address=:8081 "$@"
