using AdapterServe.Engine.Models.Graph;
using AdapterServe.Engine.Models.Weights;

namespace AdapterServe.Engine.Models.GenAi;

/// <summary>The weight of a linear y = x Wᵀ, or of several as one. <b>Shapes</b>: W is [Out, In].</summary>
internal abstract record LinearWeights
{
    public abstract int In { get; }

    public abstract int Out { get; }

    /// <summary>Some of its outputs: a linear of its own.</summary>
    public abstract LinearWeights Rows(int first, int count);

    /// <summary>A linear that gives this one's outputs and then the other's; null where they are held too differently.</summary>
    public abstract LinearWeights? Join(LinearWeights next);

    /// <summary>Its initializers.</summary>
    public abstract IEnumerable<PlannedWeight> Plan(string path);

    /// <summary>Adds the product and returns its output's name.</summary>
    public abstract string AddProduct(OnnxGraphBuilder builder, string path, string input);
}
