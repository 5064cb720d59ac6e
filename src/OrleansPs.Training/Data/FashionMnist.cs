namespace OrleansPs.Training;

/// <summary>
/// Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 60,000 images to train with and 10,000 to test with, 28 x 28 pixels in
/// ten classes of clothes.
/// </summary>
public sealed class FashionMnist
{
    /// <summary>The number of classes.</summary>
    public const int Classes = 10;

    // Mean and standard deviation of the training pixels on a scale of 0 to 1.
    private const float Mean = 0.2860f;
    private const float Std = 0.3530f;

    private FashionMnist(LabeledImages train, LabeledImages test)
    {
        Train = train;
        Test = test;
    }

    /// <summary>The images to train with.</summary>
    public LabeledImages Train { get; }

    /// <summary>The images to test with.</summary>
    public LabeledImages Test { get; }

    /// <summary>Loads the four files, each plain or with the ending <c>.gz</c>.</summary>
    /// <param name="directory">Where they are.</param>
    /// <exception cref="DataFormatException">The directory or a file is missing, or a file is bad.</exception>
    public static FashionMnist Load(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        if (!Directory.Exists(directory)) throw new DataFormatException(directory, "the directory does not exist.");
        var train = LoadPart(directory, "train");
        var test = LoadPart(directory, "t10k");
        return train.Features == test.Features
            ? new(train, test)
            : throw new DataFormatException(
                directory, $"images to train with have {train.Features} pixels, those to test with {test.Features}.");
    }

    private static LabeledImages LoadPart(string directory, string part) => LabeledImages.Load(
        Find(directory, $"{part}-images-idx3-ubyte"), Find(directory, $"{part}-labels-idx1-ubyte"), Classes, Mean, Std);

    private static string Find(string directory, string name)
    {
        var plain = Path.Combine(directory, name);
        if (File.Exists(plain)) return plain;
        return File.Exists(plain + ".gz")
            ? plain + ".gz"
            : throw new DataFormatException(plain, "the file does not exist, nor does one with the ending .gz.");
    }
}
