namespace AdapterServe.Kernels.Tests.Support;

/// <summary>A sparse matrix of 330 outputs whose rows are as different as rows get, its elements in no order.</summary>
internal static class UnevenRows
{
    public static SparseElementList Of(int inFeatures)
    {
        var random = new Random(3);
        var places = new List<(int Row, int Column)>();
        for (var row = 0; row < 330; row++)
        {
            // By windows of 64: every length once; one full row among single ones; nothing; full rows and near them; a few of 20; the rest.
            var length = (row / 64) switch
            {
                0 => row, 1 => row == 70 ? inFeatures : 1, 2 => 0, 3 => row % 8 == 0 ? inFeatures : inFeatures - 300, 4 => row % 23 == 0 ? 20 : 0, _ => 9 + (row % 3),
            };
            places.AddRange(Enumerable.Range(0, length).Select(i => (row, length == inFeatures ? i : random.Next(inFeatures))));
        }

        (int Row, int Column)[] shuffled = [.. places];
        random.Shuffle(shuffled);
        return new SparseElementList(
            Array.ConvertAll(shuffled, place => place.Row), Array.ConvertAll(shuffled, place => place.Column), RandomData.FromBF16(RandomData.ToBF16(RandomData.Floats(4, shuffled.Length))));
    }
}
