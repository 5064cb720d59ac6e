namespace OrleansPs.Training;

/// <summary>Grey images with a class for each: a set to train or to test a classifier with.</summary>
/// <remarks>Immutable and thread safe: all workers of a process share one.</remarks>
public sealed class LabeledImages
{
    private readonly ReadOnlyMemory<byte> _pixels;
    private readonly ReadOnlyMemory<byte> _labels;
    private readonly float[] _scale;

    private LabeledImages(ReadOnlyMemory<byte> pixels, ReadOnlyMemory<byte> labels, int features, int classes, float[] scale)
    {
        _pixels = pixels;
        _labels = labels;
        _scale = scale;
        Features = features;
        Classes = classes;
    }

    /// <summary>The number of images.</summary>
    public int Count => _labels.Length;

    /// <summary>The number of pixels of an image.</summary>
    public int Features { get; }

    /// <summary>The number of classes; labels are 0 to <see cref="Classes"/> - 1.</summary>
    public int Classes { get; }

    /// <summary>Reads images from one IDX file and their labels from another.</summary>
    /// <param name="imagesPath">Three dimensions: images, rows, columns.</param>
    /// <param name="labelsPath">One dimension, of the same length.</param>
    /// <param name="classes">How many classes there are, 2 to 256.</param>
    /// <param name="mean">The mean of the pixels, on a scale of 0 to 1; it is subtracted.</param>
    /// <param name="std">Their standard deviation, > 0; what is left is divided by it.</param>
    /// <exception cref="DataFormatException">A file is bad, or the two don't fit each other.</exception>
    public static LabeledImages Load(string imagesPath, string labelsPath, int classes, float mean = 0, float std = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classes, 256);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(std);
        var images = IdxReader.Read(imagesPath);
        var labels = IdxReader.Read(labelsPath);
        CheckShapes(images, imagesPath, labels, labelsPath);
        CheckLabels(labels.Values.Span, labelsPath, classes);
        return new(images.Values, labels.Values, images.Shape[1] * images.Shape[2], classes, ScaleOf(mean, std));
    }

    /// <summary>The class of an image.</summary>
    public int Label(int index) => _labels.Span[index];

    /// <summary>Copies images, normalised, one after the other into <paramref name="inputs"/>, and their labels.</summary>
    /// <param name="indices">Which images, each 0 to <see cref="Count"/> - 1.</param>
    /// <param name="inputs">At least indices x <see cref="Features"/> floats.</param>
    /// <param name="labels">At least as many as indices.</param>
    public void CopyTo(ReadOnlySpan<int> indices, Span<float> inputs, Span<int> labels)
    {
        for (var i = 0; i < indices.Length; i++)
        {
            var pixels = _pixels.Span.Slice(indices[i] * Features, Features);
            Normalise(pixels, inputs.Slice(i * Features, Features));
            labels[i] = Label(indices[i]);
        }
    }

    private void Normalise(ReadOnlySpan<byte> pixels, Span<float> target)
    {
        var scale = _scale;
        for (var i = 0; i < pixels.Length; i++)
            target[i] = scale[pixels[i]];
    }

    private static float[] ScaleOf(float mean, float std)
    {
        var scale = new float[256];
        for (var i = 0; i < scale.Length; i++)
            scale[i] = (i / 255f - mean) / std;
        return scale;
    }

    private static void CheckShapes(IdxArray images, string imagesPath, IdxArray labels, string labelsPath)
    {
        if (images.Shape.Count != 3)
            throw new DataFormatException(imagesPath, $"images have 3 dimensions; this file has {images.Shape.Count}.");
        if (images.Values.IsEmpty)
            throw new DataFormatException(imagesPath, "it holds no pixels.");
        if (labels.Shape.Count != 1)
            throw new DataFormatException(labelsPath, $"labels have 1 dimension; this file has {labels.Shape.Count}.");
        if (labels.Shape[0] != images.Shape[0])
            throw new DataFormatException(
                labelsPath, $"it holds {labels.Shape[0]} labels for {images.Shape[0]} images in {Path.GetFileName(imagesPath)}.");
    }

    private static void CheckLabels(ReadOnlySpan<byte> labels, string path, int classes)
    {
        if (classes > byte.MaxValue) return;
        var bad = labels.IndexOfAnyExceptInRange((byte)0, (byte)(classes - 1));
        if (bad >= 0)
            throw new DataFormatException(path, $"label {bad} is {labels[bad]}; labels are 0 to {classes - 1}.");
    }
}
