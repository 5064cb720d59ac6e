using System.Globalization;
using OrleansPs.Training;

namespace OrleansPs.Train.Data;

/// <summary>Makes a file of ratings, as the command <c>ratings</c> reads it, of the MovieLens ratings in the R package dslabs.</summary>
internal static class RatingsExport
{
    private static readonly string[] s_columns = ["userId", "movieId", "rating", "timestamp"];

    /// <summary>Writes the ratings as CSV.</summary>
    /// <param name="directory">The package's directory <c>data</c>.</param>
    /// <param name="path">The file, replaced if it exists.</param>
    /// <returns>How many ratings there are.</returns>
    /// <exception cref="DataFormatException">The package's data is missing or bad.</exception>
    public static int Write(string directory, string path)
    {
        var table = RDatabase.Open(directory).Read("movielens");
        var columns = s_columns.Select(name => table[name]?.Numbers
            ?? throw new DataFormatException(directory, $"the table movielens has no column of numbers '{name}'.")).ToArray();
        if (columns.Any(column => column.Length != columns[0].Length))
            throw new DataFormatException(directory, "the columns of the table movielens differ in length.");
        using var file = new StreamWriter(path + ".part");
        file.NewLine = "\n";
        file.WriteLine(string.Join(',', s_columns));
        for (var row = 0; row < columns[0].Length; row++)
            file.WriteLine(string.Join(',', columns.Select(column => column[row].ToString(CultureInfo.InvariantCulture))));
        file.Close();
        File.Move(path + ".part", path, overwrite: true);
        return columns[0].Length;
    }
}
