/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of process_replay.c: open files, their inodes and pages: what lib/mm/filemap.ts, lib/fs/ and harness/process/files.ts
 * are for the port.
 */

#define FMODE_READ 1
#define FMODE_WRITE 2
#define FMODE_PATH (1 << 14)
#define S_SWAPFILE 256
#define S_APPEND 4
#define S_PRIVATE 512
#define S_IRWXUGO 0777
#define IS_SWAPFILE(inode) ((inode)->i_flags & S_SWAPFILE)
#define IS_APPEND(inode) ((inode)->i_flags & S_APPEND)
#define IS_DAX(inode) false
#define file_inode(file) ((file)->f_inode)
#define FOP_MMAP_SYNC 4
#define FOP_UNSIGNED_OFFSET 32
#define MAX_LFS_FILESIZE LLONG_MAX
#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#define POSIX_FADV_WILLNEED 3

struct cached_page {
	pgoff_t pgoff;
	struct page *page;
	struct cached_page *next;
};

struct super_block { int unused; };
struct mnt_idmap { int unused; };

struct inode {
	unsigned int i_mode, i_flags, seals;
	int i_count, i_nlink;
	long i_size;
	/* Is it one of shared memory, and does that charge each page? */
	bool is_shmem, noreserve;
	struct super_block *i_sb;
};

static struct vfsmount the_mount;
static int nr_numbered;

/* The page of a file at an offset, read in if it has to be; null when out of memory. */
static struct page *read_page(struct address_space *mapping, pgoff_t pgoff)
{
	struct cached_page *one;

	for (one = mapping->cache; one; one = one->next)
		if (one->pgoff == pgoff)
			return one->page;
	one = calloc(1, sizeof(*one));
	one->pgoff = pgoff;
	one->page = alloc_page();
	if (!one->page)
		return NULL;
	one->page->mapping = mapping;
	one->next = mapping->cache;
	mapping->cache = one;
	return one->page;
}

static vm_fault_t filemap_fault(struct vm_fault *vmf)
{
	struct file *file = vmf->vma->vm_file;

	if (vmf->pgoff >= PHYS_PFN(PAGE_ALIGN(file->f_mapping->host->i_size)))
		return VM_FAULT_SIGBUS;
	vmf->page = read_page(file->f_mapping, vmf->pgoff);
	return vmf->page ? 0 : VM_FAULT_OOM;
}

static vm_fault_t filemap_page_mkwrite(struct vm_fault *vmf)
{
	return vmf->page->mapping == vmf->vma->vm_file->f_mapping ? 0 : VM_FAULT_SIGBUS;
}

static const struct vm_operations_struct generic_file_vm_ops = {
	.fault = filemap_fault, .page_mkwrite = filemap_page_mkwrite,
};
static const struct vm_operations_struct shmem_vm_ops = { .fault = filemap_fault };
static const struct vm_operations_struct shmem_anon_vm_ops = { .fault = filemap_fault };

static int generic_file_mmap_prepare(struct vm_area_desc *desc)
{
	desc->vm_ops = &generic_file_vm_ops;
	return 0;
}

static int shmem_mmap_prepare(struct vm_area_desc *desc)
{
	desc->vm_ops = file_inode(desc->file)->i_nlink ? &shmem_vm_ops : &shmem_anon_vm_ops;
	return 0;
}

unsigned long shmem_get_unmapped_area(struct file *file, unsigned long uaddr, unsigned long len, unsigned long pgoff,
				      unsigned long flags);

static const struct file_operations disk_file_operations = { .mmap_prepare = generic_file_mmap_prepare };
static const struct file_operations shmem_file_operations = {
	.mmap_prepare = shmem_mmap_prepare, .get_unmapped_area = shmem_get_unmapped_area,
};

static struct file *new_file(struct inode *inode, struct address_space *mapping, const struct file_operations *ops)
{
	struct file *file = calloc(1, sizeof(*file));

	file->f_inode = inode;
	file->f_mapping = mapping;
	file->f_op = ops;
	file->f_mode = FMODE_READ | FMODE_WRITE;
	file->f_path.mnt = &the_mount;
	inode->i_count++;
	return file;
}

static struct address_space *new_mapping(struct inode *inode)
{
	struct address_space *mapping = calloc(1, sizeof(*mapping));

	mapping->host = inode;
	return mapping;
}

struct file *get_file(struct file *file)
{
	file->refs++;
	return file;
}

void shmem_unacct_size(unsigned long flags, loff_t size);

/* The last file that is open on an inode without a name goes. */
void fput(struct file *file)
{
	struct inode *inode = file->f_inode;

	if (--file->refs)
		return;
	if (--inode->i_count || inode->i_nlink || !inode->is_shmem)
		return;
	shmem_unacct_size(inode->noreserve ? SHMEM_F_NORESERVE : 0, inode->i_size);
	inode->i_size = 0;
}

struct file *fget(unsigned int fd)
{
	struct file *file = fd < 64 ? current->fd[fd] : NULL;

	return file && !(file->f_mode & FMODE_PATH) ? get_file(file) : NULL;
}

bool path_noexec(const struct path *path)
{
	return false;
}

bool shmem_mapping(const struct address_space *mapping)
{
	return mapping->host->is_shmem;
}

bool shmem_file(struct file *file)
{
	return shmem_mapping(file->f_mapping);
}

bool vma_is_anon_shmem(const struct vm_area_struct *vma)
{
	return vma->vm_ops == &shmem_anon_vm_ops;
}

bool vma_is_shmem(const struct vm_area_struct *vma)
{
	return vma_is_anon_shmem(vma) || vma->vm_ops == &shmem_vm_ops;
}

struct inode *shmem_get_inode(struct mnt_idmap *idmap, struct super_block *sb, struct inode *dir, unsigned int mode,
			      int dev, vma_flags_t flags)
{
	struct inode *inode = calloc(1, sizeof(*inode));

	inode->i_mode = mode;
	inode->i_nlink = 1;
	inode->seals = F_SEAL_SEAL;
	inode->is_shmem = true;
	inode->noreserve = vma_flags_test(&flags, VMA_NORESERVE_BIT);
	return inode;
}

struct file *alloc_file_pseudo(struct inode *inode, struct vfsmount *mnt, const char *name, int flags,
			       const struct file_operations *ops)
{
	struct file *file = new_file(inode, new_mapping(inode), ops);

	file->refs = 1;
	return file;
}

/* Unmaps nr pages of a file from start on, wherever they are mapped. */
static void unmap_mapping_pages(struct address_space *mapping, pgoff_t start, pgoff_t nr, bool even_cows)
{
	pgoff_t last = start + nr - 1;
	struct vm_area_struct *vma;

	for (vma = mapping_rmap_tree_iter_first(mapping, start, last); vma;
	     vma = mapping_rmap_tree_iter_next(vma, start, last)) {
		pgoff_t from = max(start, vma_start_pgoff(vma)) - vma_start_pgoff(vma);
		pgoff_t to = min(last, vma_last_pgoff(vma)) - vma_start_pgoff(vma) + 1;

		zap_entries(vma->vm_mm, vma->vm_start + (from << PAGE_SHIFT), vma->vm_start + (to << PAGE_SHIFT),
			    even_cows ? ZAP_PAGES : ZAP_SHARED);
	}
}

static void drop_pages(struct address_space *mapping, pgoff_t start, pgoff_t end)
{
	struct cached_page **one = &mapping->cache;

	while (*one) {
		if ((*one)->pgoff >= start && (*one)->pgoff < end)
			*one = (*one)->next;
		else
			one = &(*one)->next;
	}
}

static void truncate_setsize(struct address_space *mapping, long newsize)
{
	long oldsize = mapping->host->i_size;
	pgoff_t first = PHYS_PFN(PAGE_ALIGN(newsize));

	mapping->host->i_size = newsize;
	if (newsize >= oldsize)
		return;
	unmap_mapping_pages(mapping, first, (1UL << 53) - 1 - first, true);
	drop_pages(mapping, first, ULONG_MAX);
}

int vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	pgoff_t first = PHYS_PFN(PAGE_ALIGN(offset)), past = PHYS_PFN(offset + len);

	if (offset < 0 || len <= 0)
		return -EINVAL;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if (!(file->f_inode->i_mode & S_IFREG))
		return -ENODEV;
	if (file->f_inode->is_shmem && file->f_inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	if (past > first) {
		unmap_mapping_pages(file->f_mapping, first, past - first, false);
		drop_pages(file->f_mapping, first, past);
	}
	return 0;
}

void vfs_fadvise(struct file *file, loff_t offset, loff_t len, int advice)
{
}

static struct file *open_memfd(bool sealing)
{
	struct file *file = shmem_file_setup("memfd:trace", 0, mk_vma_flags(VMA_NORESERVE_BIT));

	if (!IS_ERR(file) && sealing)
		file->f_inode->seals = 0;
	return file;
}

/* Files on the disk, by number. */
#define NR_DISK_FILES 16
static struct address_space *disk[NR_DISK_FILES];

static struct file *open_disk_file(ulong number, unsigned int mode, long size)
{
	struct file *file;

	if (!disk[number]) {
		struct inode *inode = calloc(1, sizeof(*inode));

		inode->i_mode = S_IFREG | 0644;
		inode->i_nlink = 1;
		inode->i_size = size;
		disk[number] = new_mapping(inode);
	}
	file = new_file(disk[number]->host, disk[number], &disk_file_operations);
	file->f_mode = mode;
	file->refs = 1;
	return file;
}

static int resize(struct file *file, long size)
{
	struct inode *inode = file->f_inode;

	if (!(file->f_mode & FMODE_WRITE) || !(inode->i_mode & S_IFREG))
		return -EINVAL;
	if (inode->is_shmem && size < inode->i_size && (inode->seals & F_SEAL_SHRINK))
		return -EPERM;
	if (inode->is_shmem && size > inode->i_size && (inode->seals & F_SEAL_GROW))
		return -EPERM;
	truncate_setsize(file->f_mapping, size);
	return 0;
}
