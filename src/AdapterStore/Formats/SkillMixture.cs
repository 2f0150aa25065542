using AdapterServe.AdapterStore.Formats.Safetensors;
using AdapterServe.AdapterStore.Models;

namespace AdapterServe.AdapterStore.Formats;

/// <summary>
/// Poly and multi-head routing: one LoRA a task, its factors mixed from skills that all tasks share.
/// <b>Semantics</b>: w[q, s] = σ(Z[task, q, s]) / (Σₛ σ(Z[task, q, s]) + 1e-12); Aᵀ = Σₛ w[q, s] A[q, s] one below the other, Bᵀ = Σₛ w[q, s] B[q, s] side by side;
/// y += scale B (A x). <b>Shapes</b>: A [heads, skills, H / heads, R], B [heads, skills, R, O / heads], Z [tasks, heads · skills].
/// <b>Source</b>: arXiv:2202.13914, arXiv:2211.03831.
/// </summary>
internal sealed record SkillMixture(int Heads, int Skills, int Rank, double Scale)
{
    private const double Guard = 1e-12;

    /// <summary>Whether the heads divide the site's input and output.</summary>
    public bool Fits(Site site) => Heads >= 1 && Skills >= 1 && site.InFeatures % Heads == 0 && site.OutFeatures % Heads == 0;

    public long[] ShapeOfA(Site site) => [Heads, Skills, site.InFeatures / Heads, Rank];

    public long[] ShapeOfB(Site site) => [Heads, Skills, Rank, site.OutFeatures / Heads];

    /// <summary>The three tensors have been checked.</summary>
    public SiteTensors Place(Site site, SafetensorsTensor a, SafetensorsTensor b, SafetensorsTensor logits, int task) =>
        MadeTensors.Smaller(site, [a, b, logits], Rank, values => new Factors(
            Left(values.Read(b), Weights(values.Read(logits), task), site.OutFeatures),
            Right(values.Read(a), Weights(values.Read(logits), task), site.InFeatures)));

    private double[] Weights(double[] logits, int task)
    {
        var weights = Array.ConvertAll(logits[(task * Heads * Skills)..((task + 1) * Heads * Skills)], logit => 1 / (1 + Math.Exp(-logit)));
        for (var head = 0; head < Heads; head++)
        {
            var own = weights.AsSpan(head * Skills, Skills);
            var sum = Guard;
            foreach (var weight in own)
            {
                sum += weight;
            }

            foreach (ref var weight in own)
            {
                weight /= sum;
            }
        }

        return weights;
    }

    private double[] Right(double[] skills, double[] weights, int inFeatures)
    {
        var right = new double[Rank * inFeatures];
        var width = inFeatures / Heads;
        for (var i = 0; i < skills.Length; i++)
        {
            var (row, rank) = Math.DivRem(i, Rank);
            var (skill, column) = Math.DivRem(row, width);
            right[(rank * inFeatures) + (skill / Skills * width) + column] += weights[skill] * skills[i];
        }

        return right;
    }

    private double[] Left(double[] skills, double[] weights, int outFeatures)
    {
        var left = new double[outFeatures * Rank];
        var width = outFeatures / Heads;
        for (var i = 0; i < skills.Length; i++)
        {
            var (row, column) = Math.DivRem(i, width);
            var (skill, rank) = Math.DivRem(row, Rank);
            left[(((skill / Skills * width) + column) * Rank) + rank] += Scale * weights[skill] * skills[i];
        }

        return left;
    }
}
