# One image for the web, the workers, the clock and every command. It brings no database: name one.
#   docker build -t overture .
FROM python:3.12-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/overture
ENV PATH=/opt/overture/bin:$PATH

COPY requirements/base.txt /tmp/base.txt
RUN pip install --require-hashes --only-binary :all: -r /tmp/base.txt

WORKDIR /app
COPY . .
# The settings want these three; nothing of them stays in the image.
RUN python -m offers_site.translations compile \
 && SECRET_KEY=only-while-building DATABASE_URL=postgres://none/none REDIS_URL=redis://none \
    STATIC_DIR=/app/collected python manage.py collectstatic --no-input --verbosity 0 \
 && python -m compileall -q /app /opt/overture

FROM python:3.12-slim

RUN groupadd --gid 10001 overture \
 && useradd --uid 10001 --gid overture --home-dir /data --shell /usr/sbin/nologin overture \
 && install -d -o overture -g overture -m 0750 /data /run/metrics

COPY --from=build /opt/overture /opt/overture
COPY --from=build /app /app

ENV PATH=/opt/overture/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    OVERTURE_DATA_DIR=/data \
    STATIC_DIR=/app/collected \
    LOG_FORMAT=json \
    PROMETHEUS_MULTIPROC_DIR=/run/metrics \
    GRANIAN_HOST=0.0.0.0 \
    GRANIAN_PORT=8000 \
    GRANIAN_WORKERS=4 \
    GRANIAN_BLOCKING_THREADS=1 \
    GRANIAN_BACKPRESSURE=512 \
    GRANIAN_LOG_LEVEL=warning

WORKDIR /app
USER overture
VOLUME /data
EXPOSE 8000

HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-m", "offers_site.embedded.readyz", "/healthz"]

CMD ["granian", "--interface", "wsgi", "--http", "1", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "10", "offers_site.wsgi:application"]
