namespace AdapterServe.Engine.Tokenization.Normalizers;

/// <summary>Korean syllables decompose and compose by arithmetic. <b>Source</b>: the Unicode Standard, section 3.12.</summary>
internal static class Hangul
{
    private const int Syllables = 0xAC00;
    private const int Leads = 0x1100;
    private const int Vowels = 0x1161;
    private const int Trails = 0x11A7;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int LeadCount = 19;

    public static bool IsSyllable(int point) => point is >= Syllables and < Syllables + (LeadCount * VowelCount * TrailCount);

    public static void Decompose(int point, List<int> into)
    {
        int index = point - Syllables;
        into.Add(Leads + (index / (VowelCount * TrailCount)));
        into.Add(Vowels + (index % (VowelCount * TrailCount) / TrailCount));
        if (index % TrailCount is var trail and > 0)
        {
            into.Add(Trails + trail);
        }
    }

    public static bool TryCompose(int first, int second, out int composite)
    {
        bool leadAndVowel = first is >= Leads and < Leads + LeadCount && second is >= Vowels and < Vowels + VowelCount;
        bool syllableAndTrail = IsSyllable(first) && (first - Syllables) % TrailCount == 0 && second is > Trails and < Trails + TrailCount;
        composite = leadAndVowel
            ? Syllables + ((((first - Leads) * VowelCount) + (second - Vowels)) * TrailCount)
            : first + (second - Trails);
        return leadAndVowel || syllableAndTrail;
    }
}
