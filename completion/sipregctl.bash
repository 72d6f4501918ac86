# bash completion for sipregctl(1): verbs, options, and the names of the
# accounts that the daemon has now. No list of them is kept here: `sipregctl
# complete` says what there is.

# The words of the line up to the cursor: "@", ":" and "=" are in names and
# options, but bash breaks words there.
_sipregctl_words()
{
	local line=${COMP_LINE:0:COMP_POINT}

	read -ra words <<<"$line"
	if [[ $line == *[[:space:]] ]]; then
		words+=('')
	fi
}

# Asks the program on the command line, for a second at most, silently.
_sipregctl_ask()
{
	"${words[0]/#\~\//$HOME/}" --timeout 1 "$@" 2>/dev/null
}

# What there is: verbv, with argumentv[VERB]; optionv, with valuev[OPTION] and
# ownerv[OPTION].
_sipregctl_read()
{
	local kind name a b c

	while read -r kind name a b c; do
		if [[ $kind == verb ]]; then
			verbv+=("$name")
			argumentv[$name]=$a
		elif [[ $kind == option ]]; then
			optionv+=("$name")
			ownerv[$name]=$b
			valuev[$name]=$c
			valuev[$a]=$c
		fi
	done < <(_sipregctl_ask complete)
}

# The verb of the line and the socket that it names.
_sipregctl_parse()
{
	local i word

	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [[ $word == --socket=* ]]; then
			socket=(-s "${word#*=}")
		elif [[ $word == -* && ${valuev[$word]-} == '=' ]]; then
			((i++))
			if [[ $word == -s || $word == --socket ]]; then
				socket=(-s "${words[i]}")
			fi
		elif [[ $word != -* ]]; then
			plain+=("$word")
		fi
	done
}

# Offers those of the arguments that begin with the last word, without the part
# of it that bash takes for words before.
_sipregctl_offer()
{
	local cur=${words[-1]} before=

	if [[ $cur == *["$COMP_WORDBREAKS"]* ]]; then
		before=${cur%"${cur##*["$COMP_WORDBREAKS"]}"}
		# readline's rl_special_prefixes: it leaves "@" to the word
		before=${before%@}
	fi

	mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
	COMPREPLY=("${COMPREPLY[@]#"$before"}")
}

_sipregctl_options()
{
	local name
	local -a mine

	for name in "${optionv[@]}"; do
		case ,${ownerv[$name]}, in
		,-, | *",${plain[0]-},"*)
			mine+=("$name")
			;;
		esac
	done

	_sipregctl_offer "${mine[@]}"
}

_sipregctl()
{
	local previous
	local -a words verbv optionv socket plain
	local -A argumentv valuev ownerv

	COMPREPLY=()
	_sipregctl_words
	_sipregctl_read
	_sipregctl_parse
	previous=${words[-2]}

	case $previous in
	-s | --socket | --pcap)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "${words[-1]}")
		return
		;;
	esac

	if [[ $previous == -* && ${valuev[$previous]-} == '=' ]]; then
		return
	elif [[ ${words[-1]} == -* ]]; then
		_sipregctl_options
	elif [[ ${#plain[@]} == 0 ]]; then
		_sipregctl_offer "${verbv[@]}"
	elif [[ ${#plain[@]} == 1 && ${argumentv[${plain[0]}]-} == *NAME* ]]
	then
		_sipregctl_offer "$(_sipregctl_ask "${socket[@]}" list |
			tail -n +2 | cut -f 1)"
	fi
}

complete -F _sipregctl sipregctl
