using AdapterServe.LoadTest.Traces;

namespace AdapterServe.LoadTest.Tests.Traces;

public sealed class TraceReaderTests
{
    private static readonly TraceRow[] s_rows = [new(0, "a", 10, 5), new(0.5, null, 20, null)];

    [Fact]
    public void A_csv_trace_may_have_its_columns_in_any_order_and_others_besides() =>
        Assert.Equal(s_rows, Read("adapter, time,note,prompt_tokens,output_tokens\r\na,0,x,10,5\r\n\r\n,0.5,,20,\r\n"));

    [Fact]
    public void A_json_trace_has_an_object_a_line() =>
        Assert.Equal(
            s_rows, Read(
                "{\"time\":0,\"adapter\":\"a\",\"prompt_tokens\":10,\"output_tokens\":5,\"more\":{}}\n"
            + "{\"time\":0.5,\"adapter\":null,\"prompt_tokens\":20}"));

    [Theory]
    [InlineData("", "no rows")]
    [InlineData("adapter,prompt_tokens\na,3", "name its columns")]
    [InlineData("time\nx", "Line 2")]
    [InlineData("time\n-1", "Line 2")]
    [InlineData("time\n1\n0", "Line 3")]
    [InlineData("time,prompt_tokens\n0,0", "Line 2")]
    [InlineData("time,prompt_tokens\n0,99999999999", "Line 2")]
    [InlineData("{\"time\":\"x\"}", "Line 1")]
    [InlineData("{\"adapter\":\"x\"}", "Line 1")]
    [InlineData("{\"time\":1", "Line 1")]
    [InlineData("{\"time\":1,\"adapter\":3}", "Line 1")]
    public void A_trace_that_cannot_be_used_is_refused_with_its_line(string text, string told) =>
        Assert.Contains(told, Assert.Throws<UserErrorException>(() => Read(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_endless_line_is_not_read_to_its_end()
    {
        using var endless = new StreamReader(new EndlessStream());
        Assert.Throws<UserErrorException>(() => TraceReader.Read(endless));
    }

    private static IReadOnlyList<TraceRow> Read(string text)
    {
        using var reader = new StringReader(text);
        return TraceReader.Read(reader);
    }

    private sealed class EndlessStream : MemoryStream
    {
        public override int Read(Span<byte> buffer)
        {
            buffer.Fill((byte)'a');
            return buffer.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
    }
}
