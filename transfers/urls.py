from django.urls import path

from transfers.views import exports, imports, reports, transfers

app_name = "transfers"

# Whoever includes these hands every view the `subjects` that there are.
urlpatterns = [
    # /transfers/
    path("transfers/", transfers.transfer_list, name="transfer-list"),
    path("transfers/import/", imports.import_create, name="import-create"),
    path("transfers/export/", exports.export_create, name="export-create"),
    # /transfers/<uuid>/
    path("transfers/<uuid:pk>/", transfers.transfer_detail, name="transfer-detail"),
    path("transfers/<uuid:pk>/settings/", imports.import_settings, name="import-settings"),
    path("transfers/<uuid:pk>/again/", imports.import_again, name="import-again"),
    path("transfers/<uuid:pk>/pause/", transfers.transfer_pause, name="transfer-pause"),
    path("transfers/<uuid:pk>/resume/", transfers.transfer_resume, name="transfer-resume"),
    path("transfers/<uuid:pk>/errors.csv", reports.errors_csv, name="transfer-errors-csv"),
    path("transfers/<uuid:pk>/errors.xml", reports.errors_xml, name="transfer-errors-xml"),
    path("transfers/<uuid:pk>/rejected/", reports.rejected_rows, name="transfer-rejected"),
    path("transfers/<uuid:pk>/fetch/", exports.export_fetch, name="export-fetch"),
    path("transfers/<uuid:pk>/file/<str:link>/", exports.export_file, name="export-file"),
]
