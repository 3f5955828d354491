# Start-up file of the lab's zsh: the user's own first, then the lab's prompt.
ZDOTDIR="$ORRERY_USER_ZDOTDIR"
[ -f "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"
path=("$ORRERY_PRODUCT/resources/bin" $path)
# A lab's workspace is home here, wherever the host keeps it: the shell starts in it.
setopt prompt_subst
__orrery_workspace=$PWD
__orrery_shown='~/workspace'
PROMPT='%F{110}controlplane%f:%F{250}${PWD/#$__orrery_workspace/$__orrery_shown}%f%# '
alias k=kubectl
# kubectl is asked for its completion at the first TAB, not at the start: a shell has to be there at once.
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -u -D; }
__orrery_kubectl_completion() {
  eval "$(kubectl completion zsh)"
  compdef _kubectl kubectl k
  _kubectl "$@"
}
compdef __orrery_kubectl_completion kubectl k
