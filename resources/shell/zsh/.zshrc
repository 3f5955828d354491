# Start-up file of the lab's zsh: the user's own first, then the lab's prompt.
ZDOTDIR="$ORRERY_USER_ZDOTDIR"
[ -f "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"
path=("$ORRERY_PRODUCT/resources/bin" $path)
PROMPT='%F{110}controlplane%f:%F{250}%2~%f%# '
alias k=kubectl
