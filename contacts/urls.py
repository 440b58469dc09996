"""Addresses of contacts, visitors, attributes and audiences."""

from django.urls import path

from contacts.views import attributes, audiences, contacts, merging, rules

app_name = "contacts"
urlpatterns = [
    # /contacts/<public id>/
    path("contacts/", contacts.contact_list, name="contact-list"),
    path("contacts/create/", contacts.contact_create, name="contact-create"),
    path("contacts/<uuid:public_id>/", contacts.contact_detail, name="contact-detail"),
    path("contacts/<uuid:public_id>/edit/", contacts.contact_edit, name="contact-edit"),
    path("contacts/<uuid:public_id>/channels/", contacts.contact_opt_outs, name="contact-opt-outs"),
    path("contacts/<uuid:public_id>/export/", contacts.contact_export, name="contact-export"),
    path("contacts/<uuid:public_id>/erase/", contacts.contact_erase, name="contact-erase"),
    path("contacts/<uuid:public_id>/link/", merging.visitor_link, name="contact-link"),
    path("contacts/<uuid:public_id>/merge/", merging.contact_merge, name="contact-merge"),
    path(
        "contacts/<uuid:public_id>/merge/<uuid:other_id>/",
        merging.contact_merge_with,
        name="contact-merge-with",
    ),
    # /visitors/
    path("visitors/", contacts.visitor_list, name="visitor-list"),
    # /attributes/<name>/
    path("attributes/", attributes.attribute_list, name="attribute-list"),
    path("attributes/create/", attributes.attribute_create, name="attribute-create"),
    path("attributes/<slug:name>/edit/", attributes.attribute_edit, name="attribute-edit"),
    path("attributes/<slug:name>/retire/", attributes.attribute_retire, name="attribute-retire"),
    path("attributes/<slug:name>/restore/", attributes.attribute_restore, name="attribute-restore"),
    path("attributes/<slug:name>/purge/", attributes.attribute_purge, name="attribute-purge"),
    # /audiences/<name>/
    path("audiences/", audiences.audience_list, name="audience-list"),
    path("audiences/create/", audiences.audience_create, name="audience-create"),
    path("audiences/create/list/", audiences.audience_create_list, name="audience-create-list"),
    path("audiences/<slug:name>/", audiences.audience_detail, name="audience-detail"),
    path("audiences/<slug:name>/people/", audiences.audience_people, name="audience-people"),
    path("audiences/<slug:name>/edit/", audiences.audience_edit, name="audience-edit"),
    path("audiences/<slug:name>/members/", audiences.audience_members, name="audience-members"),
    path("audiences/<slug:name>/delete/", audiences.audience_delete, name="audience-delete"),
    # what the rule builder asks
    path("rules/check/", rules.rule_check, name="rule-check"),
    path("rules/count/", rules.rule_count, name="rule-count"),
    path("rules/sample/", rules.rule_sample, name="rule-sample"),
]
