using AdapterServe.EndToEnd.Tests.Support;

namespace AdapterServe.EndToEnd.Tests.Grpc;

/// <summary>Public gRPC clients that were written for other servers: Python's grpcio and Go's from Debian, npm's grpc-js.</summary>
internal static class GrpcPrograms
{
    /// <summary>Runs a client's whole conversation with the server at an address, over TLS where a CA's file is given.</summary>
    public static async Task<string> RunAsync(string client, Uri address, string? ca = null)
    {
        string[] arguments = [address.Authority, .. Argument(client), .. ca is null ? Array.Empty<string>() : [ca]];
        await Programs.RunAsync(Repository.Root, Path.Combine(Repository.Root, "build", "grpc-clients.sh"), []);
        var output = client switch
        {
            "python" => await Programs.RunAsync(Programs.Clients("grpc-python"), "/usr/bin/python3", ["-B", "client.py", .. arguments]),
            "js" => await Programs.RunAsync(await Programs.InstallFromNpmAsync("grpc-js"), "node", ["client.mjs", .. arguments]),
            _ => await Programs.RunAsync(Repository.Root, await BuildAsync(), arguments),
        };
        return output.Trim();
    }

    private static string[] Argument(string client) => client switch
    {
        "python" => [Repository.Adapter("yoda-showcase")],
        "js" => [Path.Combine(Repository.Root, "protos")],
        _ => [],
    };

    /// <summary>Go's sources are Debian's, so nothing is fetched.</summary>
    private static async Task<string> BuildAsync()
    {
        var program = Path.Combine(Repository.Root, "artifacts", "grpc-go-client");
        await Programs.RunAsync(Programs.Clients("grpc-go"), "go", ["build", "-o", program, "."], new Dictionary<string, string>
        {
            ["GO111MODULE"] = "off", ["GOPATH"] = "/usr/share/gocode", ["GOCACHE"] = Path.Combine(Repository.Root, "artifacts", "go-cache"),
        });
        return program;
    }
}
