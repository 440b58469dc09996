from django.urls import path

from jobs import views

app_name = "jobs"

urlpatterns = [
    # /jobs/
    path("jobs/", views.job_list, name="job-list"),
    path("jobs/running/", views.job_running, name="job-running"),
    path("jobs/practise/", views.job_practise, name="job-practise"),
    # /jobs/<uuid>/
    path("jobs/<uuid:pk>/", views.job_detail, name="job-detail"),
    path("jobs/<uuid:pk>/cancel/", views.job_cancel, name="job-cancel"),
]
