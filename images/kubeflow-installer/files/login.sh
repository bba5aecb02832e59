# shellcheck shell=bash
# Step login: goes the way of a browser, from Kubeflow's address to Dex's login form and back to the page behind it.
#
# The way is that of https://github.com/kubeflow/community-distribution/blob/master/tests/dex_login_test.py.

readonly MOST_SECONDS=20 # for a page with all the redirects to it

login() {
  local address=${KUBEFLOW_URL%/}
  read_password || return
  rm -f "$RUN/cookies"
  visit "$address/" || return
  # oauth2-proxy shows a page first, with a button that leads to the login; others lead there at once.
  [[ $status != 401 && $status != 403 ]] || visit "$address/oauth2/start?rd=%2F" || return
  # Where Dex knows several ways to log in, it lets choose one.
  [[ $place != */auth ]] || visit "${place}/local?${reached#*\?}" || return
  is_login_form || { record_missing "form $status" "$place answers HTTP $status, and not with Dex's login form" && return 1; }
  [[ $(find_origin "$reached") = $(find_origin "$address/") ]] || {
    record_missing elsewhere "$address leads to a login form at $place: the password is given to no other address" && return 1
  }
  send_password || return
  if is_login_form; then
    record_missing refused "Dex does not let $EMAIL in with the password of the Secret: it shows its login form again (HTTP $status)"
  elif [[ $status != 200 || $place = */approval ]]; then
    record_missing "page $place $status" "$EMAIL is logged in, but $place answers HTTP $status, and not with the page behind the login"
  else
    return 0
  fi
  return 1
}

# Follows all redirects; sets $status, $reached and $place, which is that without what is secret in it.
visit() { # address
  fetch '%{url_effective}' --location --max-redirs 20 "$1" || return
  reached=$found place=${reached%%\?*}
}

# To the form that was reached. A redirect may ask for the same to be sent on: it is followed without the password.
send_password() {
  # shellcheck disable=SC2154 # password.sh sets it
  fetch '%{redirect_url}' --data-urlencode "login=$EMAIL" --data-urlencode password@- "$reached" < <(printf %s "$password") || return
  [[ -z $found ]] || visit "$found"
}

# Sets $status and $found, which is what curl knows under that name.
fetch() { # name, curl arguments
  local answer
  answer=$(curl --silent --show-error --noproxy '*' --max-time $MOST_SECONDS --cookie "$RUN/cookies" --cookie-jar "$RUN/cookies" \
    --output "$RUN/page" --write-out "%{http_code} $1" "${@:2}" 2>"$RUN/errors") || {
    ! is_api_there || record_missing unreachable "$KUBEFLOW_URL does not answer: $(sed -E 's/^curl: \([0-9]+\) //' "$RUN/errors")"
    return 1
  }
  status=${answer%% *} found=${answer#* }
}

# Scheme, host and port, in one form.
find_origin() { # address
  sed -E 's|^([^:]+://[^/?#]*).*|\1|; s|^(http://.*):80$|\1|; s|^(https://.*):443$|\1|' <<<"${1,,}"
}

is_login_form() {
  grep -qE "name=[\"']?password" "$RUN/page" 2>/dev/null
}
