# Checked by hadolint and tests/deploy/test_containers.py; not built where it was written, where no Docker runs.
# The backend of examples/fastapi_backend, for compose.yaml: put your own in its place.
FROM python:3.13-slim-bookworm
WORKDIR /app
COPY client/ client/
COPY sio_server/ sio_server/
# hadolint ignore=DL3013
RUN pip install --no-cache-dir ./client fastapi uvicorn && rm -rf client sio_server
COPY examples/fastapi_backend/ fastapi_backend/
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/openapi.json')"]
# The client takes its key from the environment; here it comes from a file.
CMD ["sh", "-c", "SIO_SERVER_PUBLISH_KEY=$(cat /run/secrets/publish-keys) exec uvicorn fastapi_backend.app:app --host 0.0.0.0 --port 8000"]
