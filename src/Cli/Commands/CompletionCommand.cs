using System.CommandLine;
using AdapterServe.AdapterServer.Commands;

namespace AdapterServe.Cli.Commands;

/// <summary><c>completion bash|zsh|fish</c>: a script that asks this program what may come next.</summary>
internal static class CompletionCommand
{
    // The program's own name goes first: it may have been called by a path or another name.
    private const string Bash = """
        _adapterserve() {
          local IFS=$'\n' line="${COMP_LINE#* }"
          local point=$((COMP_POINT - ${#COMP_LINE} + ${#line}))
          COMPREPLY=($(compgen -W "$(adapterserve "[suggest:${point}]" "${line}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
          if [[ ${#COMPREPLY[@]} == 0 ]]; then compopt -o default; fi
        }
        complete -F _adapterserve adapterserve
        """;

    private const string Zsh = """
        #compdef adapterserve
        _adapterserve() {
          local line="${BUFFER#* }"
          local point=$((CURSOR - ${#BUFFER} + ${#line}))
          local -a found
          found=("${(@f)$(adapterserve "[suggest:${point}]" "${line}" 2>/dev/null)}")
          if [[ -n "${found[1]}" ]]; then compadd -- "${found[@]}"; else _files; fi
        }
        compdef _adapterserve adapterserve
        """;

    private const string Fish = """
        function __adapterserve_complete
          set -l line (commandline -cp | string replace -r '^\S+\s+' '')
          adapterserve "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c adapterserve -a '(__adapterserve_complete)'
        """;

    public static Command Build()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.CompletionSources.Add("bash", "zsh", "fish");
        var command = new Command("completion", "Prints a shell's completion script: source <(adapterserve completion bash)") { shell };
        command.SetAction(parsed =>
        {
            Console.WriteLine(parsed.GetValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                "fish" => Fish,
                var other => throw new CommandException($"There is no script for '{other}'; there are bash, zsh and fish."),
            });
            return ExitCodes.Ok;
        });
        return command;
    }
}
