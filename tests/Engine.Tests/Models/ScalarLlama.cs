namespace AdapterServe.Engine.Tests.Models;

/// <summary>The Llama forward pass in f64 over whole sequences, straight from the architecture's definition: no cache, no batch.</summary>
internal sealed class ScalarLlama(TinyCheckpoint checkpoint)
{
    private const int Heads = 3;
    private const int HeadSize = 6;
    private const double Theta = 500;
    private const double Epsilon = 1e-5;

    /// <summary>Logits after each token.</summary>
    public double[][] Logits(int[] tokens)
    {
        var embedding = checkpoint.Values["model.embed_tokens.weight"];
        var hidden = tokens.Select(token => embedding.Skip(token * 12).Take(12).Select(value => (double)value).ToArray()).ToArray();
        for (var layer = 0; layer < 2; layer++)
        {
            var at = $"model.layers.{layer}.";
            hidden = [.. hidden.Zip(Attention(at + "self_attn.", [.. hidden.Select(row => Norm(at + "input_layernorm", row))]), Sum)];
            hidden = [.. hidden.Select(row => Sum(row, FeedForward(at + "mlp.", Norm(at + "post_attention_layernorm", row))))];
        }

        var head = checkpoint.Tied ? "model.embed_tokens" : "lm_head";
        return [.. hidden.Select(row => Linear(head, Norm("model.norm", row)))];
    }

    private static double[] Sum(double[] first, double[] second) => [.. first.Zip(second, (a, b) => a + b)];

    private static double[] Rotate(double[] vector, int position)
    {
        var rotated = new double[vector.Length];
        for (var i = 0; i < vector.Length; i++)
        {
            var (head, at) = (i / HeadSize * HeadSize, i % HeadSize);
            var angle = position * Math.Pow(Theta, -2.0 * (at % (HeadSize / 2)) / HeadSize);
            var partner = at < HeadSize / 2 ? -vector[head + at + (HeadSize / 2)] : vector[head + at - (HeadSize / 2)];
            rotated[i] = (vector[i] * Math.Cos(angle)) + (partner * Math.Sin(angle));
        }

        return rotated;
    }

    private double[][] Attention(string at, double[][] rows)
    {
        var q = rows.Select((row, position) => Rotate(Linear(at + "q_proj", row), position)).ToArray();
        var k = rows.Select((row, position) => Rotate(Linear(at + "k_proj", row), position)).ToArray();
        var v = rows.Select(row => Linear(at + "v_proj", row)).ToArray();
        return [.. rows.Select((_, position) => Linear(at + "o_proj", Attend(q[position], k[..(position + 1)], v)))];
    }

    private static double[] Attend(double[] query, double[][] keys, double[][] values)
    {
        var output = new double[Heads * HeadSize];
        for (var i = 0; i < output.Length; i++)
        {
            var head = i / HeadSize * HeadSize;
            var weights = keys.Select(key => Math.Exp(Enumerable.Range(0, HeadSize).Sum(d => query[head + d] * key[d]) / Math.Sqrt(HeadSize))).ToArray();
            output[i] = weights.Select((weight, position) => weight * values[position][i % HeadSize]).Sum() / weights.Sum();
        }

        return output;
    }

    private double[] FeedForward(string at, double[] row)
    {
        var gate = Linear(at + "gate_proj", row);
        var up = Linear(at + "up_proj", row);
        return Linear(at + "down_proj", [.. gate.Zip(up, (g, u) => g / (1 + Math.Exp(-g)) * u)]);
    }

    private double[] Norm(string path, double[] row)
    {
        var weight = checkpoint.Values[path + ".weight"];
        var scale = 1 / Math.Sqrt((row.Sum(value => value * value) / row.Length) + Epsilon);
        return [.. row.Select((value, i) => value * scale * weight[i])];
    }

    private double[] Linear(string path, double[] row)
    {
        var weight = checkpoint.Values[path + ".weight"];
        var bias = checkpoint.Values.GetValueOrDefault(path + ".bias");
        var output = new double[weight.Length / row.Length];
        for (var i = 0; i < output.Length; i++)
        {
            output[i] = (bias?[i] ?? 0) + row.Select((value, j) => value * weight[(i * row.Length) + j]).Sum();
        }

        return output;
    }
}
