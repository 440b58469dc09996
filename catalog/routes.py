"""Addresses of what stands around offers: environments, spaces, categories, rules, words."""

from django.urls import path

from catalog.views import (
    categories,
    environments,
    filters,
    lints,
    matrix,
    planned,
    presentation,
    releases,
    spaces,
    templates,
    timeline,
    weights,
    words,
)

HERE = "catalogue/<str:environment>"
SPACE = f"{HERE}/spaces/<str:name>"
CATEGORY = f"{HERE}/categories/<str:name>"
RULE = f"{HERE}/presentation-rules/<str:name>"
FILTER = f"{HERE}/filters/<str:name>"
RELEASE = f"{HERE}/releases/<int:number>"
PLAN = f"{HERE}/planned-releases/<uuid:public_id>"
FIELD = f"{HERE}/content-fields/<str:name>"

urlpatterns = [
    # /environments/<environment>/
    path("environments/", environments.environment_list, name="environment-list"),
    path("environments/create/", environments.environment_create, name="environment-create"),
    path(
        "environments/<str:environment>/",
        environments.environment_detail,
        name="environment-detail",
    ),
    path(
        "environments/<str:environment>/edit/",
        environments.environment_edit,
        name="environment-edit",
    ),
    path(
        "environments/<str:environment>/delete/",
        environments.environment_delete,
        name="environment-delete",
    ),
    # /tags/<number>/
    path("tags/", words.tag_list, name="tag-list"),
    path("tags/create/", words.tag_create, name="tag-create"),
    path("tags/<int:pk>/rename/", words.tag_rename, name="tag-rename"),
    path("tags/<int:pk>/merge/", words.tag_merge, name="tag-merge"),
    path("tags/<int:pk>/delete/", words.tag_delete, name="tag-delete"),
    # /catalogue/<environment>/weights/
    path(f"{HERE}/weights/", weights.weight_grid, name="weight-grid"),
    path(f"{HERE}/weights/<int:pk>/", weights.weight_edit, name="weight-edit"),
    path(f"{HERE}/change-weights/", weights.weights_change, name="weights-change"),
    # /catalogue/<environment>/…: many offers at once
    path(f"{HERE}/matrix/", matrix.offer_matrix, name="offer-matrix"),
    path(f"{HERE}/calendar/", timeline.offer_calendar, name="offer-calendar"),
    path(f"{HERE}/lints/", lints.lint_list, name="lint-list"),
    path("catalogue-lints/", lints.lint_counts, name="lint-counts"),
    # /catalogue/<environment>/spaces/<name>/
    path(f"{HERE}/spaces/", spaces.space_list, name="space-list"),
    path(f"{HERE}/create-space/", spaces.space_create, name="space-create"),
    path(f"{HERE}/try-space/", spaces.space_try, name="space-try"),
    path(f"{HERE}/requirements/", spaces.requirements, name="requirements"),
    path(f"{SPACE}/", spaces.space_detail, name="space-detail"),
    path(f"{SPACE}/edit/", spaces.space_edit, name="space-edit"),
    path(f"{SPACE}/debts/", spaces.space_debts, name="space-debts"),
    path(f"{SPACE}/publish/", spaces.space_publish, name="space-publish"),
    path(f"{SPACE}/delete/", spaces.space_delete, name="space-delete"),
    # /catalogue/<environment>/categories/<name>/
    path(f"{HERE}/categories/", categories.category_tree, name="category-tree"),
    path(f"{HERE}/create-category/", categories.category_create, name="category-create"),
    path(f"{CATEGORY}/", categories.category_detail, name="category-detail"),
    path(f"{CATEGORY}/edit/", categories.category_edit, name="category-edit"),
    path(f"{CATEGORY}/move/", categories.category_move, name="category-move"),
    path(f"{CATEGORY}/switch/", categories.category_switch, name="category-switch"),
    path(f"{CATEGORY}/publish/", categories.category_publish, name="category-publish"),
    path(f"{CATEGORY}/delete/", categories.category_delete, name="category-delete"),
    # /catalogue/<environment>/presentation-rules/<name>/
    path(f"{HERE}/presentation-rules/", presentation.rule_list, name="presentation-rule-list"),
    path(
        f"{HERE}/create-presentation-rule/",
        presentation.rule_create,
        name="presentation-rule-create",
    ),
    path(
        f"{HERE}/order-presentation-rules/",
        presentation.rule_order,
        name="presentation-rule-order",
    ),
    path(f"{HERE}/say-presentation-rule/", presentation.rule_say, name="presentation-rule-say"),
    path(
        f"{HERE}/publish-presentation-rules/",
        presentation.rules_publish,
        name="presentation-rules-publish",
    ),
    path(f"{RULE}/edit/", presentation.rule_edit, name="presentation-rule-edit"),
    path(f"{RULE}/delete/", presentation.rule_delete, name="presentation-rule-delete"),
    # /catalogue/<environment>/filters/<name>/
    path(f"{HERE}/filters/", filters.filter_list, name="filter-list"),
    path(f"{HERE}/create-filter/", filters.filter_create, name="filter-create"),
    path(f"{FILTER}/", filters.filter_detail, name="filter-detail"),
    path(f"{FILTER}/edit/", filters.filter_edit, name="filter-edit"),
    path(f"{FILTER}/compare/", filters.filter_compare, name="filter-compare"),
    path(f"{FILTER}/delete/", filters.filter_delete, name="filter-delete"),
    # /catalogue/<environment>/releases/<number>/
    path(f"{HERE}/releases/", releases.release_list, name="release-list"),
    path(f"{HERE}/releases/compare/", releases.release_compare, name="release-compare"),
    path(f"{RELEASE}/", releases.release_detail, name="release-detail"),
    path(f"{RELEASE}/roll-back/", releases.release_roll_back, name="release-roll-back"),
    path(f"{PLAN}/edit/", planned.planned_release_edit, name="planned-release-edit"),
    path(f"{PLAN}/cancel/", planned.planned_release_cancel, name="planned-release-cancel"),
    # /catalogue/<environment>/templates/<number>/
    path(f"{HERE}/templates/", templates.template_list, name="template-list"),
    path(f"{HERE}/create-template/", templates.template_create, name="template-create"),
    path(f"{HERE}/templates/<int:pk>/edit/", templates.template_edit, name="template-edit"),
    path(f"{HERE}/templates/<int:pk>/delete/", templates.template_delete, name="template-delete"),
    # /catalogue/<environment>/content-fields/<name>/
    path(f"{HERE}/content-fields/", words.field_list, name="content-field-list"),
    path(f"{HERE}/declare-content-field/", words.field_create, name="content-field-create"),
    path(f"{HERE}/order-content-fields/", words.field_order, name="content-field-order"),
    path(f"{FIELD}/edit/", words.field_edit, name="content-field-edit"),
    path(f"{FIELD}/delete/", words.field_delete, name="content-field-delete"),
]
