#!/bin/sh
# Lets git bring the weights that a commit names. `paddledvc hooks install` writes this file and
# `paddledvc hooks uninstall` takes it away: do not edit it. What was here before lies beside it
# as @HOOK@.before-paddledvc. Python is started only if something that concerns models changed.
# paddledvc hook, form 2
hook=@HOOK@
isolation=@ISOLATION@
environment=@ENVIRONMENT@
python=@PYTHON@
before=@BEFORE@
projects=@PROJECTS@

# Runs what was here before. A shell script may look at its own name, so it keeps that.
run_theirs() {
    theirs=${0%/*}/$hook.before-paddledvc
    [ -x "$theirs" ] || return 0
    case $before in
        aside) return 0 ;;
        pre-commit) [ -z "${PRE_COMMIT_RUNNING_LEGACY-}" ] || return 0 ;; # it is running us
    esac
    IFS= read -r first <"$theirs" || :
    case $first in
        '#!/bin/sh' | '#!/usr/bin/sh' | '#!/usr/bin/env sh') shell=sh ;;
        '#!/bin/bash' | '#!/usr/bin/bash' | '#!/usr/bin/env bash') shell=bash ;;
        *)
            "$theirs" "$@"
            return
            ;;
    esac
    "$shell" -c '. "$0.before-paddledvc"' "${0%/*}/$hook" "$@"
}

is_off() {
    case ${PADDLEDVC_HOOKS-} in
        0 | no | off | false) return 0 ;;
        ?*) return 1 ;;
    esac
    case $hook/${CI-} in
        pre-* | post-*/ | post-*/0 | post-*/false) return 1 ;;
    esac
    return 0
}

# Looks for programs in no folder that a branch may have filled.
clean_path() {
    kept=
    IFS=:
    for entry in $PATH; do
        case $entry in "$PWD" | "$PWD"/*) ;; /*) kept=$kept:$entry ;; esac
    done
    IFS=$newline
    PATH=${kept#:}
}

# Asks git which of these files in a work tree it tracks, whatever their case; links on the way to
# them count too.
ask_tracked() {
    IFS=$newline
    specs=":(top,icase,literal)$2"
    way=$2
    while [ "$way" != "${way%/*}" ]; do
        way=${way%/*}
        [ ! -h "$1/$way" ] || specs="$specs$newline:(top,icase,literal)$way"
    done
    [ . -ef "$1" ] || unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
    unset GIT_LITERAL_PATHSPECS GIT_GLOB_PATHSPECS GIT_NOGLOB_PATHSPECS GIT_ICASE_PATHSPECS
    git -C "$1" -c core.quotePath=false ls-files -- $specs 2>/dev/null
}

# Finds what is still there of the files that a branch once brought into a work tree, from a note.
find_remains() {
    IFS= read -r noted
    [ "$noted" = "$top" ] || return 0
    while IFS= read -r path; do
        case $path in
            '"'*) ;; # too odd a name to look for
            *) [ -e "$top/$path" ] || [ -h "$top/$path" ] || continue ;;
        esac
        brought=$path
        return 0
    done
    rm -f "$note"
}

# Tells whether a branch brought files of the environment that Python runs from: git overwrites what
# it ignores. What a branch has brought counts until it is gone, for `git reset` leaves it there.
is_brought() {
    find_gitdir
    for entry in $environment; do
        top=${entry%%/./*}
        note=$gitdir/paddledvc/brought
        brought=$(ask_tracked "$top" "${entry#*/./}") || brought=${brought:-"what git cannot tell"}
        if [ -n "$brought" ]; then
            mkdir -p "${note%/*}" && printf '%s\n' "$top" "$brought" >"$note"
        elif [ -f "$note" ]; then
            find_remains <"$note"
        fi
        brought=${brought%%"$newline"*}
        [ -z "$brought" ] || return 0
    done
    return 1
}

# Hands over to Python: that of the environment that installed us, else whichever is on the PATH.
# Modules of the work tree must not take the place of ours, before Python 3.11 either: -I, or -E
# where packages are the user's own, and nothing is imported before the folder is off the path; gc
# and sys are built in. Looking for garbage would take a tenth of the time, and imports leave none.
start='import gc, sys
gc.disable()
sys.path[:] = [folder for folder in sys.path if folder]
try:
    from paddledvc.@MODULE@ import main
except ImportError:
    sys.exit(127)
gc.enable()
main()'
run_ours() {
    if is_brought; then
        echo "paddledvc: $undone: $python may be another's, because a branch brought $brought." \
            "Make an environment outside of the work tree, and run its" \
            "\`paddledvc hooks install\`" >&2
        return 1
    fi
    for entry in $projects; do
        set -- --in "${entry#* }" "$@"
    done
    set -- hook "$hook" "$@"
    problem='is gone'
    if [ -x "$python" ]; then
        "$python" "$isolation" -c "$start" "$@"
        status=$?
        [ "$status" = 127 ] || return "$status"
        problem='no longer has paddledvc'
    fi
    other=$(command -v paddledvc) && case $(cd -P "${other%/*}" && pwd -P)/ in
        "$(pwd -P)"/*) false ;;
    esac && {
        PYTHONPATH= PYTHONSAFEPATH=1 "$other" "$@"
        return
    }
    echo "paddledvc: $undone: $python $problem; run \`paddledvc hooks install\`" >&2
}

# The folder that git keeps for this very work tree, found without a process.
find_gitdir() {
    gitdir=${GIT_DIR-}
    if [ -z "$gitdir" ] && [ -f .git ]; then
        IFS= read -r gitdir <.git
        gitdir=${gitdir#gitdir: }
    fi
    gitdir=${gitdir:-.git}
}

# Tells whether another branch or commit was checked out while a rebase waits for somebody. In a
# rebase no branch is checked out; the log of HEAD tells whose the last checkout was.
has_left_rebase() {
    ! IFS= read -r head <"$gitdir/HEAD" || case $head in
        'ref: refs/heads/.invalid') ;; # what git writes there with reftable
        ref:*) return 0 ;;
    esac
    case $(git log --walk-reflogs -1 --format=%gs HEAD 2>/dev/null) in
        checkout:*) return 0 ;;
    esac
    return 1
}

# In the middle of a rebase the weights stay. At its end git calls post-rewrite, unless there was
# nothing to pick: then the checkout that it begins with is its end too.
is_amid_rebase() {
    state=$gitdir/rebase-merge
    [ -d "$state" ] || [ -d "$gitdir/rebase-apply" ] || return 1
    case $hook-$1 in
        post-rewrite-rebase) return 1 ;;
        post-checkout-*)
            [ -s "$state/git-rebase-todo" ] || [ -e "$state/stopped-sha" ] ||
                [ -d "$gitdir/rebase-apply" ] || return 1
            ;;
    esac
    ! has_left_rebase
}

# Asks git about the files that say which weights belong to a commit.
of_weights() {
    git "$@" -- ':(top,glob)**/models.lock' ':(top,glob)**/dvc.lock' \
        ':(top,glob)**/dvc.yaml' ':(top,glob)**/*.dvc' ':(top,glob)**/.dvc/config' 2>/dev/null
}

# Tells whether two commits agree on all of these files.
agree() {
    of_weights diff-tree --quiet -r "$1" "$2"
}

# Tells whether the commits since another one, too, leave all of these files as they are.
leave() {
    changed=$(of_weights rev-list -1 --full-history "$2" --not "$1") && [ -z "$changed" ]
}

is_older() {
    [ -d "$1" ] && [ ! "$1" -nt "$marker" ]
}

# Tells whether the weights of a commit are in place. The marker of a project names the commit whose
# weights were put there, and their folders: those become newer when somebody else changes them.
is_in_place() {
    placed=
    for entry in $projects; do
        marker=$gitdir/paddledvc/${entry%% *}
        folder=${entry#* }
        if [ ! -f "$marker" ]; then
            [ ! -f "$folder/models.yaml" ] || return 1
            continue # it is on other branches
        fi
        [ -d "$folder" ] || continue
        {
            IFS= read -r commit
            case $commit in '' | *[!0-9a-f]*) return 1 ;; esac
            [ "${placed:=$commit}" = "$commit" ] || return 1
            lines=0
            while [ "$lines" -lt 100 ] && IFS= read -r path; do
                is_older "$folder/$path" || return 1
                lines=$((lines + 1))
            done
            [ "$lines" -lt 100 ] && continue
            for path in $(command -p cat); do # `read` takes its time, byte by byte
                is_older "$folder/$path" || return 1
            done
        } <"$marker"
    done
    [ -z "$placed" ] || [ "$placed" = "$1" ] || agree "$placed" "$1"
}

# post-checkout, post-commit, post-merge, post-rewrite
bring() {
    new=HEAD
    case $hook in
        post-checkout)
            [ "$3" = 1 ] || return 0 # files were checked out, not a commit
            new=$2
            ;;
        post-merge) [ "$1" = 0 ] || return 0 ;; # with --squash nothing is committed yet
    esac
    clean_path
    find_gitdir
    ! is_amid_rebase "$1" && ! is_in_place "$new" || return 0
    trap : INT # git has switched already; whoever does not want to wait keeps the old weights
    undone='weights not checked'
    run_ours "$@" </dev/null
}

# pre-commit
check() {
    clean_path
    git diff-index --cached --quiet HEAD -- ':(top,glob)**/models.yaml' \
        ':(top,glob)**/models.lock' ':(top,glob)**/params.yaml' ':(top,glob)**/dvc.yaml' \
        ':(top,glob)**/dvc.lock' ':(top,glob)**/*.dvc' ':(top,glob)**/reports/**' 2>/dev/null &&
        return 0
    undone='commit not checked'
    run_ours "$@" </dev/null
}

# pre-push: reads what is to be pushed, one line a branch or tag
send() {
    clean_path
    needed=
    while IFS=' ' read -r name commit target old; do
        case $commit in *[!0]*) ;; *) continue ;; esac # deleted there
        case $old in *[!0]*) agree "$old" "$commit" && leave "$old" "$commit" && continue ;; esac
        needed="$needed$name $commit $target $old
"
    done
    [ -n "$needed" ] || return 0
    undone='weights not sent'
    printf %s "$needed" | run_ours "$@"
}

set -f
newline='
'
IFS=$newline
case $hook in
    post-*)
        run_theirs "$@"
        theirs_status=$?
        is_off || bring "$@"
        exit "$theirs_status"
        ;;
    pre-commit)
        run_theirs "$@" || exit
        is_off || check "$@"
        ;;
    pre-push)
        pushed=
        while read -r line; do
            pushed="$pushed$line
"
        done
        printf %s "$pushed" | run_theirs "$@" || exit
        is_off || printf %s "$pushed" | send "$@"
        ;;
esac
