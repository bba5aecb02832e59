# shellcheck shell=bash
# Templates: files in which ${...} stands for a variable. Sourced by entrypoint.sh and boot.sh.

# Fills in a template: only names of variables, in ${...}; it is not evaluated by a shell.
render() { # template
  local text name
  text=$(<"$1")
  while [[ $text =~ \$\{([A-Z_]+)\} ]]; do
    name=${BASH_REMATCH[1]}
    text=${text//"\${$name}"/"${!name}"}
  done
  printf '%s\n' "$text"
}
