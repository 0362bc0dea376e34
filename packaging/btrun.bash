# Completion of bash for btrun. The options are those that btrun -h lists.

_btrun() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	# "--attach=te" comes as three words.
	if [ "$word" = = ]; then
		word=
	elif [ "$before" = = ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	COMPREPLY=()
	case $before in
	--attach) mapfile -t COMPREPLY < <(compgen -W 'auto fentry tracefs perf multi' -- "$word") ;;
	--buffer) mapfile -t COMPREPLY < <(compgen -W 'ring perf' -- "$word") ;;
	-f | --format) mapfile -t COMPREPLY < <(compgen -W 'text json' -- "$word") ;;
	-B | --buffering) mapfile -t COMPREPLY < <(compgen -W 'line full none' -- "$word") ;;
	-d | --debug) mapfile -t COMPREPLY < <(compgen -W 'tokens ast expand resolve infer check lower types ir opt asm' -- "$word") ;;
	-c | --cmd) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
	-p | --pid) mapfile -t COMPREPLY < <(compgen -W "$(cd /proc && echo [0-9]*)" -- "$word") ;;
	-e | --program | --buffer-size | --maxactive) ;;
	-I) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	*)
		if [[ $word == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" -h 2>/dev/null |
				grep -oE '^ +(-[a-zA-Z])?(, )?(--[a-z-]+)?' | tr -d ,)" -- "$word")
		else
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		fi
		;;
	esac
}
complete -F _btrun btrun
