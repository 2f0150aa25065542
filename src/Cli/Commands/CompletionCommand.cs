using System.CommandLine;
using AdapterServe.AdapterServer.Commands;

namespace AdapterServe.Cli.Commands;

/// <summary><c>completion bash|zsh|fish</c>: a script that asks this program what may come next.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _adapterserve() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(adapterserve "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
          if [[ ${#COMPREPLY[@]} == 0 ]]; then compopt -o default; fi
        }
        complete -F _adapterserve adapterserve
        """;

    private const string Zsh = """
        #compdef adapterserve
        _adapterserve() {
          local -a found
          found=("${(@f)$(adapterserve "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
          if [[ -n "${found[1]}" ]]; then compadd -- "${found[@]}"; else _files; fi
        }
        compdef _adapterserve adapterserve
        """;

    private const string Fish = """
        complete -c adapterserve -a '(adapterserve "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
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
