using AdapterServe.AdapterServer.Options;
using Microsoft.Extensions.Configuration;

namespace AdapterServe.AdapterServer.Tests.Options;

public sealed class CommandLineTests
{
    [Fact]
    public void Every_option_of_the_contract_is_known()
    {
        var known = OptionNames.All().Select(option => option.Option).ToArray();
        Assert.Superset(new HashSet<string>(["--model", "--data", "--port", "--grpc-port", "--bind", "--weights", "--threads", "--no-demo"]), new HashSet<string>(known));
    }

    [Fact]
    public void Values_follow_or_stand_behind_an_equals_sign()
    {
        var options = Bind(CommandLine.ParseArguments(["--port", "9000", "--data=/tmp/x", "--no-demo", "--prefix-cache", "off", "--threads=2"]));
        Assert.Equal((9000, "/tmp/x", true, false, 2), (options.Port, options.Data, options.NoDemo, options.PrefixCache, options.Threads));
    }

    [Theory]
    [InlineData("--bogus")]
    [InlineData("bogus")]
    [InlineData("--Port", "1")]
    [InlineData("--port")]
    [InlineData("--port", "http")]
    [InlineData("--port=")]
    [InlineData("--no-demo=maybe")]
    [InlineData("--threads", "1.5")]
    [InlineData("--port", "99999999999")]
    public void What_can_not_be_read_is_refused_in_a_sentence(params string[] arguments)
    {
        var refusal = Assert.Throws<CommandLineException>(() => CommandLine.ParseArguments(arguments));
        Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_has_a_variable_for_each_option()
    {
        var variables = new Dictionary<string, string> { ["ADAPTERSERVE_KV_CACHE_MB"] = "64", ["ADAPTERSERVE_NO_DEMO"] = "1", ["ADAPTERSERVE_MODEL"] = "/m" };
        var options = Bind(CommandLine.ParseEnvironment(name => variables.GetValueOrDefault(name)));
        Assert.Equal((64, true, "/m"), (options.KvCacheMb, options.NoDemo, options.Model));
    }

    [Fact]
    public void A_wrong_variable_is_named()
    {
        var refusal = Assert.Throws<CommandLineException>(() => CommandLine.ParseEnvironment(name => name == "ADAPTERSERVE_PORT" ? "x" : null));
        Assert.Contains("ADAPTERSERVE_PORT", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8080, -1, 8081)]
    [InlineData(9000, -1, 0)]
    [InlineData(0, -1, 0)]
    [InlineData(8080, 0, 0)]
    [InlineData(9000, 9001, 9001)]
    public void The_port_of_gRPC_is_8081_beside_the_default_and_else_free_unless_it_is_named(int port, int grpcPort, int expected) =>
        Assert.Equal(expected, new ServerOptions { Port = port, GrpcPort = grpcPort }.ListenGrpcPort);

    [Theory]
    [InlineData("Bind", "localhost", "--bind")]
    [InlineData("Weights", "fp8", "--weights")]
    [InlineData("EmbeddingWeights", "f16", "--embedding-weights")]
    [InlineData("GrpcCompression", "br", "--grpc-compression")]
    [InlineData("ToolCalls", "xml", "--tool-calls")]
    [InlineData("TlsKey", "/k.pem", "--tls-key")]
    [InlineData("TlsClientCa", "/ca.pem", "--tls-client-ca")]
    [InlineData("TlsClientCert", "maybe", "--tls-client-cert")]
    [InlineData("JwtKeys", "/keys.json", "--jwt-keys, --jwt-issuer and --jwt-audience")]
    [InlineData("JwtIssuer", "me", "--jwt-keys, --jwt-issuer and --jwt-audience")]
    [InlineData("JwtKeys", "http://issuer.example/keys", "https URL")]
    public void Rules_are_refused_with_the_reason(string property, string value, string reason)
    {
        var options = Bind(new Dictionary<string, string?> { ["AdapterServe:" + property] = value });
        var result = new ServingRulesValidator().Validate(null, options);
        Assert.True(result.Failed);
        Assert.Contains(reason, result.FailureMessage, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.1.2.3")]
    [InlineData("::1")]
    public void Loopback_addresses_are_taken(string address)
    {
        Assert.True(new ServingRulesValidator().Validate(null, new ServerOptions { Bind = address }).Succeeded);
    }

    [Theory]
    [InlineData("Port", "70000", "--port must be between 0 and 65535.")]
    [InlineData("BlockSize", "0", "--block-size must be between 1 and 1024.")]
    public void Ranges_are_refused_in_the_operators_words(string property, string value, string sentence)
    {
        var options = Bind(new Dictionary<string, string?> { ["AdapterServe:" + property] = value });
        var result = new ServerOptionsValidator().Validate(Microsoft.Extensions.Options.Options.DefaultName, options);
        Assert.Equal(sentence, OptionNames.InOperatorsWords(Assert.Single(result.Failures!)));
    }

    [Fact]
    public void Defaults_are_valid()
    {
        Assert.True(new ServerOptionsValidator().Validate(Microsoft.Extensions.Options.Options.DefaultName, new ServerOptions()).Succeeded);
        Assert.True(new ServingRulesValidator().Validate(null, new ServerOptions()).Succeeded);
    }

    private static ServerOptions Bind(Dictionary<string, string?> values)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var options = new ServerOptions();
        configuration.GetSection(ServerOptions.Section).Bind(options);
        return options;
    }
}
