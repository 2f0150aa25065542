using AdapterServe.AdapterServer.Access;
using AdapterServe.AdapterServer.Errors;
using AdapterServe.AdapterServer.Grpc;
using AdapterServe.AdapterServer.Json;
using AdapterServe.AdapterServer.Options;
using AdapterServe.AdapterServer.Rest.Adapters;
using AdapterServe.AdapterServer.Rest.ChatCompletions;
using AdapterServe.AdapterServer.Rest.Completions;
using AdapterServe.AdapterServer.Rest.Embeddings;
using AdapterServe.AdapterServer.Rest.Generate;
using AdapterServe.AdapterServer.Rest.Health;
using AdapterServe.AdapterServer.Rest.Keys;
using AdapterServe.AdapterServer.Rest.KServe;
using AdapterServe.AdapterServer.Rest.LoraAdapters;
using AdapterServe.AdapterServer.Rest.Messages;
using AdapterServe.AdapterServer.Rest.Models;
using AdapterServe.AdapterServer.Rest.Responses;
using AdapterServe.AdapterServer.Rest.Tenants;
using AdapterServe.AdapterServer.Rest.Tokenize;
using AdapterServe.AdapterServer.Rest.Uploads;
using AdapterServe.AdapterStore.Access;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace AdapterServe.AdapterServer.Hosting;

/// <summary>Puts the host together: configuration, services, routes.</summary>
internal static class ServerApplication
{
    private static readonly TimeSpan AfterGrace = TimeSpan.FromSeconds(4);

    public static WebApplication Build(IReadOnlyList<string> arguments)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(CommandLine.ParseEnvironment(Environment.GetEnvironmentVariable));
        builder.Configuration.AddInMemoryCollection(CommandLine.ParseArguments(arguments));
        AddLogging(builder.Logging);
        AddServices(builder.Services, builder.Configuration);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        var app = builder.Build();
        app.UseMiddleware<HeadRequests>();
        // Here, so that routing already sees the method that HeadRequests made of it.
        app.UseRouting();
        app.UseMiddleware<ErrorMiddleware>();
        app.UseMiddleware<RequestGate>();
        app.UseMiddleware<AccessMiddleware>();
        app.MapOpenApi().Needs(AccessScopes.None);
        app.MapHealth();
        app.MapModels();
        app.MapCompletions();
        app.MapChatCompletions();
        app.MapResponses();
        app.MapMessages();
        app.MapTokenize();
        app.MapAdapters();
        app.MapEmbeddings();
        app.MapGenerate();
        app.MapLoraAdapters();
        app.MapUploads();
        app.MapKeys();
        app.MapInference();
        app.MapTenants();
        app.MapGrpcServices();
        return app;
    }

    private static void AddServices(IServiceCollection services, ConfigurationManager configuration)
    {
        services.AddOptions<ServerOptions>().Bind(configuration.GetSection(ServerOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ServerOptions>, ServerOptionsValidator>();
        services.AddSingleton<IValidateOptions<ServerOptions>, ServingRulesValidator>();
        services.AddSingleton<IConfigureOptions<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>, KestrelSetup>();
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<ServerState>();
        services.AddSingleton<StartupFailure>();
        services.AddSingleton<ModelStartup>();
        services.AddHttpContextAccessor();
        services.AddTransient(provider => provider.GetRequiredService<ServerState>().Model.For(provider.GetRequiredService<IHttpContextAccessor>().HttpContext));
        services.AddHostedService<StartupService>();
        services.AddHostedService<DrainService>();
        services.AddOptions<HostOptions>().Configure<IOptions<ServerOptions>>((host, server) => host.ShutdownTimeout = TimeSpan.FromSeconds(server.Value.GraceSeconds) + AfterGrace);
        services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, RestJson.Answers);
            // The description of answers follows these, so they are those of the answers.
            json.SerializerOptions.PropertyNamingPolicy = RestJson.Answers.Options.PropertyNamingPolicy;
            json.SerializerOptions.NumberHandling = RestJson.Answers.Options.NumberHandling;
        });
        services.AddGrpcServices();
        services.AddOpenApi(api => api.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "AdapterServe";
            document.AddComponent("key", new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "An API key or a JSON web token." });
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("key", document)] = [] }];
            return Task.CompletedTask;
        }));
    }

    private static void AddLogging(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // A start that fails is told in one sentence; this category would add a stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
    }
}
