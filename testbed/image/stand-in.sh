#!/bin/sh
# In the image, in the place of Metacontroller's program. What CompositeControllers there are comes from files; the address
# is the original's default.
exec /opt/stand-in/bin/python -m testbed.metacontroller --controllers=/opt/stand-in/app/controllers \
  --health-probe-bind-address=:8081 "$@"
