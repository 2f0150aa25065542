using AdapterServe.LoadTest.Execution;
using AdapterServe.LoadTest.Recording;
using AdapterServe.LoadTest.Setup;
using AdapterServe.LoadTest.Tests.Support;
using AdapterServe.Protocol.V1;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace AdapterServe.LoadTest.Tests.Sending;

/// <summary>Requests over gRPC, and answers that are none.</summary>
public sealed class GrpcSenderTests
{
    private static readonly byte[] s_piece = Frame(new CompletionResponse { Choices = { new CompletionChoice { Text = "a", TokenIds = { 5 } } } });
    private static readonly byte[] s_usage = Frame(new CompletionResponse { Usage = new Usage { PromptTokens = 7, CompletionTokens = 2 } });

    [Fact]
    public async Task A_request_and_its_pieces_go_over_the_wire()
    {
        CompletionRequest? seen = null;
        var record = await AnswerAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            Assert.Equal(0, body.GetBuffer()[0]);
            seen = CompletionRequest.Parser.ParseFrom(body.ToArray().AsSpan(5));
            // Cut where no message ends.
            byte[] all = [.. s_piece, .. s_piece, .. s_usage];
            await WriteAsync(context, all[..7]);
            await WriteAsync(context, all[7..]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        Assert.Equal((true, 2, 7), (record.IsSuccess, record.OutputTokens, record.Outcome.PromptTokens));
        Assert.Equal(("base", 64, true), (seen!.Model, seen.Options.MaxTokens, seen.Options.IgnoreEos));
        Assert.Equal(32, Assert.Single(seen.Prompt).TokenIds.Ids.Count);
    }

    [Theory]
    [InlineData("5", "model_not_found", 404)]
    [InlineData("8", "queue_full", 429)]
    [InlineData("14", "server_stopping", 503)]
    [InlineData("99", "odd", 500)]
    public async Task A_status_is_counted_under_its_code(string status, string code, int http)
    {
        var record = await AnswerAsync(async context =>
        {
            await WriteAsync(context, s_piece);
            context.Response.AppendTrailer("grpc-status", status);
            context.Response.AppendTrailer("grpc-message", "Nein, gr%C3%B6%C3%9Fer.");
            context.Response.AppendTrailer("error-code", code);
        });
        Assert.Equal((http, code, "Nein, größer."), (record.Outcome.Status, record.Outcome.ErrorCode, record.Outcome.Message));
    }

    public static TheoryData<string, byte[], string?> WrongAnswers => new()
    {
        { "no status", s_piece, null },
        { "a status that is none", s_piece, "fine" },
        { "within a message", s_piece[..^1], "0" },
        { "within a header", [.. s_piece, 0, 0], "0" },
        { "compressed", [1, .. s_piece[1..]], "0" },
        { "too large", [0, 255, 255, 255, 255, 1], "0" },
        { "no protobuf", [0, 0, 0, 0, 2, 255, 255], "0" },
    };

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task An_answer_that_is_none_is_an_error_of_its_own(string what, byte[] body, string? status)
    {
        var record = await AnswerAsync(async context =>
        {
            await WriteAsync(context, body);
            if (status is not null)
            {
                context.Response.AppendTrailer("grpc-status", status);
            }
        });
        Assert.True(record.Outcome.ErrorCode == "malformed_answer", $"{what}: {record.Outcome.Describe()}");
    }

    [Fact]
    public async Task What_answers_without_gRPC_is_told_from_a_server_of_it()
    {
        var plain = await AnswerAsync(context => context.Response.WriteAsync("hello"), type: "text/plain");
        Assert.Equal("malformed_answer", plain.Outcome.ErrorCode);
        var refused = await AnswerAsync(context =>
        {
            context.Response.StatusCode = 502;
            return Task.CompletedTask;
        });
        Assert.Equal((502, "error"), (refused.Outcome.Status, refused.Outcome.ErrorCode));
    }

    private static byte[] Frame(IMessage message)
    {
        var payload = message.ToByteArray();
        return [0, 0, 0, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];
    }

    private static async Task WriteAsync(HttpContext context, byte[] bytes)
    {
        await context.Response.Body.WriteAsync(bytes);
        await context.Response.Body.FlushAsync();
    }

    private static async Task<RequestRecord> AnswerAsync(RequestDelegate answer, string type = "application/grpc")
    {
        await using var server = await SyntheticServer.StartAsync(
            context =>
            {
                context.Response.ContentType = type;
                return answer(context);
            },
            protocols: HttpProtocols.Http2);
        using var setup = await LoadSetup.PrepareAsync(new LoadArguments { Url = server.Address, Protocol = "grpc" }, TestContext.Current.CancellationToken);
        return Assert.Single((await Runs.AgainstAsync(setup.Sender, setup.Plan, new RunOptions { Clients = 1, Requests = 1 })).Records);
    }
}
