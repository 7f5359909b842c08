"""Files that act where they stand: who reads them, and runs what they say or changes what is applied."""

from __future__ import annotations

import re

# A path from the folder that is read, and who reads it there. Only the top of a branch matters to those of the first
# table, and any folder to those of the second.
_AT_TOP = (
    (r"\.github/(?:workflows|actions)/.*", "GitHub Actions"),
    (r"\.gitlab-ci\.ya?ml", "GitLab CI"),
    (r"\.(?:gitea|forgejo)/workflows/.*", "Gitea or Forgejo Actions"),
    (r"\.circleci/.*", "CircleCI"),
    (r"\.buildkite/.*", "Buildkite"),
    (r"\.drone\.(?:ya?ml|star|jsonnet)", "Drone"),
    (r"\.woodpecker(?:\.ya?ml|/.*)", "Woodpecker"),
    (r"\.tekton/.*", "Tekton"),
    (r"\.travis\.ya?ml", "Travis CI"),
    (r"azure-pipelines\.ya?ml", "Azure Pipelines"),
    (r"bitbucket-pipelines\.yml", "Bitbucket Pipelines"),
    (r"cloudbuild\.(?:ya?ml|json)", "Cloud Build"),
    (r"buildspec\.ya?ml", "CodeBuild"),
    (r"Jenkinsfile", "Jenkins"),
    (r"\.gitmodules", "Git"),
)
_ANYWHERE = (
    (r"kustomization\.ya?ml|Kustomization", "kustomize, Flux and Argo CD"),
    (r"\.argocd-source(?:-.*)?\.yaml", "Argo CD"),
    (r"Chart\.yaml", "Argo CD"),
    (r"\.sourceignore", "Flux"),
    (r"\.gitattributes", "Git"),
)
_TOP = tuple([(re.compile(form), reader) for form, reader in _AT_TOP])
_ANY = tuple([(re.compile(form), reader) for form, reader in _ANYWHERE])


def runs_it(path: str) -> str | None:
    """Return who runs what a file says; path: from the top of the branch."""
    return next((reader for form, reader in _TOP if form.fullmatch(path)), None)


def obeys_it(path: str) -> str | None:
    """Return whose reading of the folder a file changes."""
    name = path.rpartition("/")[2]
    return next((reader for form, reader in _ANY if form.fullmatch(name)), None)
