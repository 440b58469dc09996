"""Addresses of people, access and the journal."""

from django.urls import URLPattern

app_name = "accounts"
urlpatterns: list[URLPattern] = []
