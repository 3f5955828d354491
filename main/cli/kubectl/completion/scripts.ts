/** Completion for shells: each asks `kubectl __complete` what the word may become, and obeys the directive that ends its answer
 *  (2 = no blank after it, 4 = no file names, 8 = files of these endings only). */

export const bashScript = `# bash completion for kubectl. Load it with: source <(kubectl completion bash)

__kubectl_complete() {
  local line="\${COMP_LINE:0:COMP_POINT}" words word answer directive
  read -r -a words <<<"$line"
  case "$line" in *[[:space:]]) words+=("") ;; esac
  word="\${words[\${#words[@]}-1]}"
  answer="$(kubectl __complete "\${words[@]:1}" 2>/dev/null)" || return
  directive="\${answer##*:}"
  answer="\${answer%:*}"
  COMPREPLY=()
  if (( directive & 8 )); then
    local ending
    while IFS= read -r ending; do
      [ -n "$ending" ] && COMPREPLY+=($(compgen -f -X "!*.$ending" -- "$word"))
    done <<<"$answer"
    COMPREPLY+=($(compgen -d -- "$word"))
    compopt -o filenames 2>/dev/null
    return
  fi
  # What bash takes for the end of a word before our word ends stays on the line and must not be given again.
  local kept="" candidate
  case "$word" in *[:=]*) kept="\${word%"\${word##*[:=]}"}" ;; esac
  case "$word" in --*=*) [ "\${kept}" = "\${word%%=*}=" ] && kept="" ;; esac
  while IFS= read -r candidate; do
    candidate="\${candidate%%$'\\t'*}"
    [ -n "$candidate" ] && COMPREPLY+=("\${candidate#"$kept"}")
  done <<<"$answer"
  if [ \${#COMPREPLY[@]} -eq 0 ]; then
    (( directive & 4 )) || { COMPREPLY=($(compgen -f -- "\${word##*=}")); compopt -o filenames 2>/dev/null; }
    return
  fi
  (( directive & 2 )) && compopt -o nospace 2>/dev/null
  return 0
}

complete -o nosort -F __kubectl_complete kubectl 2>/dev/null || complete -F __kubectl_complete kubectl
`

export const zshScript = `#compdef kubectl
# zsh completion for kubectl. Load it with: source <(kubectl completion zsh)

_kubectl() {
  local answer directive line
  local -a lines candidates
  answer="$(kubectl __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)" || return
  directive="\${answer##*:}"
  lines=("\${(@f)\${answer%:*}}")
  if (( directive & 8 )); then
    _files -g "*.(\${(j:|:)lines:#})"
    return
  fi
  for line in $lines; do
    [[ -z "$line" ]] && continue
    line="\${line//:/\\\\:}"
    candidates+=("\${line/$'\\t'/:}")
  done
  if (( \${#candidates} == 0 )); then
    (( directive & 4 )) || _files
    return
  fi
  if (( directive & 2 )); then _describe -V 'kubectl' candidates -S ''; else _describe -V 'kubectl' candidates; fi
}

compdef _kubectl kubectl
`

export const fishScript = `# fish completion for kubectl. Load it with: kubectl completion fish | source

function __kubectl_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answer (kubectl __complete $words[2..-1] 2>/dev/null)
  set -l directive (string replace ':' '' -- $answer[-1])
  set -l candidates $answer[1..-2]
  if test (math "bitand($directive, 8)") -ne 0
    __fish_complete_suffix .$candidates
  else if test (count $candidates) -eq 0; and test (math "bitand($directive, 4)") -eq 0
    __fish_complete_path (commandline -ct)
  else
    printf '%s\\n' $candidates
  end
end

complete -c kubectl -e
complete -k -c kubectl -f -a '(__kubectl_complete)'
`
