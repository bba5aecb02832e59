# The image of the hooks: Python, what requirements.txt names, hooks/ and the CRD. `make docker-build IMG=...`
# BASE: any image with Python 3.11 or newer as python3, and its venv module. BUILD_BASE: the same, with what only the
# build needs, such as the authorities of a proxy; nothing of it is in the image.
ARG BASE=python:3.13-slim
ARG BUILD_BASE=${BASE}

FROM ${BUILD_BASE} AS build
COPY requirements.txt /tmp/requirements.txt
RUN python3 -m venv /opt/vk8s \
 && /opt/vk8s/bin/pip install --no-cache-dir --disable-pip-version-check --requirement /tmp/requirements.txt \
 # Nothing is ever installed later.
 && /opt/vk8s/bin/pip uninstall --yes --quiet setuptools pip
COPY hooks /opt/vk8s/app/hooks
# For `python -m hooks render`.
COPY crds/vk8s.yaml /opt/vk8s/app/crds/vk8s.yaml
# The root file system is read-only where this runs, so that Python could not keep what it compiles.
RUN /opt/vk8s/bin/python -m compileall -q /opt/vk8s/app

FROM ${BASE}
COPY --from=build /opt/vk8s /opt/vk8s
COPY LICENSE /opt/vk8s/
ENV PATH=/opt/vk8s/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /opt/vk8s/app
# By number, or Kubernetes could not tell that it is not root.
USER 65532:65532
EXPOSE 8443
ENTRYPOINT ["python", "-m", "hooks"]
CMD ["serve", "--host=0.0.0.0", "--port=8443"]
