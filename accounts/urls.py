"""Addresses of people, access and the journal."""

from django.urls import path

from accounts.views import journal, keys, labels, people, preferences, roles, sessions

app_name = "accounts"
urlpatterns = [
    path("sign-in/", sessions.sign_in, name="sign-in"),
    path("sign-out/", sessions.sign_out, name="sign-out"),
    # /password/
    path("password/forgotten/", sessions.password_forgotten, name="password-forgotten"),
    path("password/<uuid:public_id>/<str:token>/", sessions.password_set, name="password-set"),
    # /preferences/
    path("preferences/", preferences.preferences, name="preferences"),
    path("preferences/password/", preferences.password_change, name="password-change"),
    path("preferences/columns/", preferences.list_columns_save, name="list-columns-save"),
    path("preferences/language/", preferences.language_choose, name="language-choose"),
    path("preferences/theme/", preferences.theme_choose, name="theme-choose"),
    # /people/<public id>/
    path("people/", people.person_list, name="person-list"),
    path("people/invite/", people.person_invite, name="person-invite"),
    path("people/deactivate/", people.people_deactivate, name="people-deactivate"),
    path("people/<uuid:public_id>/", people.person_detail, name="person-detail"),
    path("people/<uuid:public_id>/edit/", people.person_edit, name="person-edit"),
    path("people/<uuid:public_id>/deactivate/", people.person_deactivate, name="person-deactivate"),
    path("people/<uuid:public_id>/activate/", people.person_activate, name="person-activate"),
    path("people/<uuid:public_id>/link/", people.person_link, name="person-link"),
    # /roles/<code>/
    path("roles/", roles.role_list, name="role-list"),
    path("roles/create/", roles.role_create, name="role-create"),
    path("roles/<slug:code>/", roles.role_detail, name="role-detail"),
    path("roles/<slug:code>/duplicate/", roles.role_duplicate, name="role-duplicate"),
    path("roles/<slug:code>/edit/", roles.role_edit, name="role-edit"),
    path("roles/<slug:code>/delete/", roles.role_delete, name="role-delete"),
    # /labels/<code>/
    path("labels/", labels.label_list, name="label-list"),
    path("labels/create/", labels.label_create, name="label-create"),
    path("labels/<slug:code>/edit/", labels.label_edit, name="label-edit"),
    path("labels/<slug:code>/delete/", labels.label_delete, name="label-delete"),
    # /keys/<public id>/
    path("keys/", keys.key_list, name="key-list"),
    path("keys/create/", keys.key_create, name="key-create"),
    path("keys/<uuid:public_id>/revoke/", keys.key_revoke, name="key-revoke"),
    # /journal/<id>/
    path("journal/", journal.journal_list, name="journal-list"),
    path("journal/export/", journal.journal_export, name="journal-export"),
    path("journal/<uuid:pk>/", journal.journal_entry, name="journal-entry"),
]
