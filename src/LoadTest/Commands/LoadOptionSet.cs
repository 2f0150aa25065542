using System.CommandLine;
using AdapterServe.LoadTest.Reports;
using AdapterServe.LoadTest.Setup;

namespace AdapterServe.LoadTest.Commands;

/// <summary>The options that <c>run</c> and <c>search</c> share.</summary>
internal sealed class LoadOptionSet
{
    public const string KeyVariable = "ADAPTERSERVE_API_KEY";
    private readonly Argument<string> _url = new("url") { Description = "The server, e.g. http://127.0.0.1:8080" };
    private readonly Option<string?> _model = Words.Optional("--model", "The base's name; the first that the server lists");
    private readonly Option<string> _server = Words.With("--server", "adapterserve, vllm, llamacpp, openai or auto", "auto");
    private readonly Option<string?> _apiKey = Words.Optional("--api-key", $"The tenant's key; {KeyVariable} in the environment");
    private readonly Option<string> _protocol = Words.With("--protocol", "rest, or grpc at AdapterServe's port of it", "rest");
    private readonly Option<string> _http = Words.With("--http", "1.1 or 2 (without TLS: h2c)", "1.1");
    private readonly Option<string> _timeout = Words.With("--timeout", "How long one request may take", "5m");
    private readonly Option<bool> _chat = new("--chat") { Description = "Chats in place of completions" };
    private readonly Option<bool> _text = new("--text") { Description = "Prompts as text also where the server takes token ids" };
    private readonly Option<int?> _vocabulary = Numbers.Optional<int>("--vocab", "Prompts are token ids below this number");
    private readonly Option<double?> _tokensPerWord = Numbers.Optional<double>("--tokens-per-word", "For text; asked of the server unless given");
    private readonly Option<string?> _adapters = Words.Optional("--adapters", "Names or patterns, with commas; all that the server lists");
    private readonly Option<string?> _popularity = Words.Optional("--popularity", "none, identical, distinct, uniform or zipf:ALPHA (none)");
    private readonly Option<string?> _mix = Words.Optional("--mix", "Groups of adapters with weights: lora-*=2,shira-*=1,none=1");
    private readonly Option<int?> _together = Numbers.With<int>("--together", "Adapters in each request, as a sum with equal weights", 1);
    private readonly Option<string?> _tenants = Words.Optional("--tenants", "JSON file of tenants with keys, weights or rates");
    private readonly Option<string?> _prompt = Words.Optional("--prompt-tokens", "64, uniform:16-128 or lognormal:MEDIAN,SIGMA[,MOST] (32)");
    private readonly Option<string?> _output = Words.Optional("--output-tokens", "Likewise (64)");
    private readonly Option<string?> _trace = Words.Optional("--trace", "CSV or JSON lines: time, adapter, prompt_tokens, output_tokens");
    private readonly Option<ulong?> _seed = Numbers.With<ulong>("--seed", "The same seed plans the same requests", 1);
    private readonly Option<string?> _sloTtft = Words.Optional("--slo-ttft", "Longest time to the first token of a good request");
    private readonly Option<string?> _sloItl = Words.Optional("--slo-itl", "Longest mean time between its tokens");
    private readonly Option<string?> _sloE2e = Words.Optional("--slo-e2e", "Longest time to its end");
    private readonly Option<double?> _sloPercentile = Numbers.With<double>("--slo-percentile", "How many percent of the requests must be good", 99);

    public void AddTo(Command command)
    {
        command.Add(_url);
        Option[] options =
        [
            _model, _server, _apiKey, _protocol, _http, _timeout, _chat, _text, _vocabulary, _tokensPerWord, _adapters, _popularity, _mix, _together, _tenants,
            _prompt, _output, _trace, _seed,
            _sloTtft, _sloItl, _sloE2e, _sloPercentile,
        ];
        foreach (var option in options)
        {
            command.Add(option);
        }
    }

    public LoadArguments Read(ParseResult parsed) => new()
    {
        Url = ParseUrl(parsed.GetValue(_url)!),
        Model = parsed.GetValue(_model),
        Server = parsed.GetValue(_server)!,
        ApiKey = parsed.GetValue(_apiKey) ?? Environment.GetEnvironmentVariable(KeyVariable),
        Protocol = parsed.GetValue(_protocol)!,
        Http = parsed.GetValue(_http)!,
        Timeout = Positive("--timeout", Durations.Parse("--timeout", parsed.GetValue(_timeout)!)),
        Chat = parsed.GetValue(_chat),
        Text = parsed.GetValue(_text),
        Vocabulary = AtLeast("--vocab", 4, parsed.GetValue(_vocabulary)),
        TokensPerWord = ReadTokensPerWord(parsed.GetValue(_tokensPerWord)),
        Adapters = parsed.GetValue(_adapters)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [],
        Popularity = parsed.GetValue(_popularity),
        Mix = parsed.GetValue(_mix),
        Together = AtLeast("--together", 1, parsed.GetValue(_together))!.Value,
        Tenants = parsed.GetValue(_tenants),
        PromptTokens = parsed.GetValue(_prompt),
        OutputTokens = parsed.GetValue(_output),
        Trace = parsed.GetValue(_trace),
        Seed = parsed.GetValue(_seed)!.Value,
        Slo = ReadSlo(parsed),
    };

    public static Uri ParseUrl(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
        ? url
        : throw new UserErrorException($"'{text}' is no address of a server such as http://127.0.0.1:8080.");

    public static int? AtLeast(string option, int least, int? value) =>
        value is null || value >= least ? value : throw new UserErrorException($"{option} must be at least {least}.");

    public static TimeSpan Positive(string option, TimeSpan value) => value > TimeSpan.Zero
        ? value
        : throw new UserErrorException($"{option} must be more than 0.");

    private static double? ReadTokensPerWord(double? value) => value is null or (> 0 and < 1000)
        ? value
        : throw new UserErrorException("--tokens-per-word is more than 0 and less than 1000.");

    private SloLimits ReadSlo(ParseResult parsed)
    {
        var percentile = parsed.GetValue(_sloPercentile)!.Value;
        return new SloLimits
        {
            TimeToFirstToken = Durations.ParseOptional("--slo-ttft", parsed.GetValue(_sloTtft)),
            InterToken = Durations.ParseOptional("--slo-itl", parsed.GetValue(_sloItl)),
            EndToEnd = Durations.ParseOptional("--slo-e2e", parsed.GetValue(_sloE2e)),
            Share = percentile is > 0 and <= 100
                ? percentile / 100
                : throw new UserErrorException("--slo-percentile is more than 0 and at most 100."),
        };
    }
}
