# shellcheck shell=bash
# Interactive shells of the access pod.
[[ $- == *i* ]] || return 0

# Terminals that Debian's basic set doesn't know (kitty, alacritty, ...) understand what xterm does.
[[ -e /lib/terminfo/${TERM::1}/$TERM || -e /usr/share/terminfo/${TERM::1}/$TERM ]] || export TERM=xterm-256color

# Starts with the virtual cluster, for users who have several.
PS1='\[\e[1m\]$VK8S_NAME\[\e[0m\]:\w\$ '
HISTCONTROL=ignoreboth
shopt -s checkwinsize

# shellcheck source=/dev/null
. /etc/profile.d/bash_completion.sh
